// The chat inside a frame of another site: whom it talks to there, and what takes the place of cookies and forms.
//
// The page around it hears that something is new and how much, never what. docs/widget.md names every message.

import { forgetEverything, rememberConversation, rememberToken, token } from "./storage.js";
import { t } from "./words.js";

const V = 1; // of the messages between the frame and the loader
const FOCUS_MS = 1000; // the focus of the page around is here by then
const SCHEME = /\(prefers-color-scheme:\s*(light|dark)\)/g;

export class Embed {
  #port = null;
  #origins;
  #key;
  #visible = window.parent === window; // opened by itself, in a tab: there is no page around it
  #unread = 0;
  #watcher = null; // hears a phone’s Back while the chat is shown
  #around;
  #handlers;

  /** `handlers`: focus(), identity(token), say(words). */
  constructor(root, handlers) {
    const { embed: key, origins, scheme } = root.dataset;
    this.#key = key;
    this.#origins = origins.split(" ").filter(Boolean);
    this.#handlers = handlers;
    this.#around = this.#listed(window.location.ancestorOrigins?.[0] ?? document.referrer.replace(/\/$/, ""));
    if (scheme) this.#force(scheme);
    this.#listen();
  }

  /** What `open` presents in place of a cookie, and which of the site's pages shows the chat. */
  get credentials() {
    const kept = token();
    return { ...(kept && { token: kept }), ...(this.#around && { around: this.#around }) };
  }

  #listed(origin) {
    return window.parent !== window && this.#origins.includes(origin) ? origin : "";
  }

  /** The conversation stands: remember who this is. */
  opened(frame) {
    if (frame.token) rememberToken(frame.token);
    rememberConversation(frame.conversation_id);
    document.dispatchEvent(new Event("keep")); // heard by jar.js
  }

  /** An answer or a message of the team has come. */
  news() {
    this.#send("message");
    if (this.#visible) return;
    this.#unread += 1;
    this.#send("unread", { count: this.#unread });
  }

  /** Tell the page around whether its word about the visitor was taken. */
  identified(ok, reason = "") {
    this.#send("identity", { ok, reason });
  }

  /** The line has ended for good, if there is a reason. */
  ended({ reason, message }) {
    if (reason === "sign_in") this.#stranger();
    if (reason !== "refused" || !message) return;
    // The site was switched off, or does not list this page any more: to load the frame again would lead nowhere.
    const banner = document.querySelector("#banner");
    banner.firstChild.data = message;
    banner.querySelector("button")?.remove();
    this.#send("gone");
  }

  /** The desk does not know this token any more: begin as somebody new, once. */
  #stranger() {
    if (!token()) return;
    forgetEverything();
    this.#restart("ended");
  }

  /** Leave the conversation: what this browser knows goes, and the frame begins anew. */
  end(leave) {
    leave();
    this.#restart("ended");
  }

  async erase(leave) {
    const answer = await this.#ask("delete");
    if (answer?.status !== 204) return this.#handlers.say(this.#refusal(answer));
    leave();
    this.#restart("deleted");
  }

  async download() {
    const answer = await this.#ask("download");
    if (!answer?.ok) return this.#handlers.say(this.#refusal(answer));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await answer.blob());
    link.download = "my-data.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  #refusal(answer) {
    if (answer?.status === 409) return t("An answer is still being written, so nothing was deleted yet. Stop it and try again.");
    if (answer?.status === 401) return t("Nothing is stored for this browser.");
    return t("That did not work just now. Please try again.");
  }

  async #ask(what) {
    try {
      return await fetch(`/embed/${this.#key}/my-data/${what}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token() ?? ""}` },
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
    } catch {
      return null;
    }
  }

  #restart(why) {
    document.dispatchEvent(new Event("drop"));
    const next = new URL(window.location.href);
    next.searchParams.set(why, "");
    window.location.replace(next);
  }

  // -- the page around -----------------------------------------------------------------------------

  #listen() {
    document.querySelector("#close-chat").hidden = window.parent === window;
    document.querySelector("#close-chat").addEventListener("click", () => this.#send("close"));
    document.addEventListener("keydown", (event) => this.#escape(event), true);
    // The desk's other pages may not be framed: they open in a tab of their own.
    document.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[href]");
      if (!link || link.hasAttribute("download") || link.getAttribute("href").startsWith("#")) return;
      link.target = "_blank";
      link.rel = "noopener";
    });
    if (window.parent === window) return;
    window.addEventListener("message", (event) => this.#connect(event));
    // Where the browser does not say which of the listed pages it is, all are tried: it hands on only what fits.
    const around = window.location.ancestorOrigins?.[0];
    for (const origin of this.#origins) if (!around || origin === around) window.parent.postMessage({ desk: V, type: "hello" }, origin);
  }

  /** Take the loader's channel, once: from the page right around, of a listed origin, in this version. */
  #connect({ source, origin, data, ports }) {
    const known = source === window.parent && this.#origins.includes(origin);
    if (!known || this.#port || data?.desk !== V || data.type !== "connect" || ports.length !== 1) return;
    this.#port = ports[0];
    this.#around = origin;
    this.#visible = data.open === true;
    this.#port.onmessage = (event) => this.#receive(event.data);
    this.#send("ready");
  }

  #receive(said) {
    if (said?.desk !== V) return;
    if (said.type === "shown") this.#shown(said.focus === true);
    else if (said.type === "hidden") this.#hidden();
    else if (said.type === "identity") this.#identity(said.token);
  }

  #shown(focus) {
    this.#visible = true;
    this.#unread = 0;
    this.#watcher?.destroy();
    if (window.CloseWatcher && window.matchMedia("(pointer: coarse)").matches) {
      this.#watcher = new CloseWatcher();
      this.#watcher.onclose = () => this.#send("close");
    }
    if (!focus) return;
    this.#handlers.focus();
    // Firefox brings the focus of the page around in after this message, and to no element.
    const again = () => this.#handlers.focus();
    window.addEventListener("focus", again, { once: true });
    setTimeout(() => window.removeEventListener("focus", again), FOCUS_MS);
  }

  #hidden() {
    this.#visible = false;
    this.#watcher?.destroy();
  }

  #identity(value) {
    if (value === null || typeof value === "string") this.#handlers.identity(value);
    else this.identified(false, "malformed");
  }

  #send(type, more = {}) {
    this.#port?.postMessage({ desk: V, type, ...more });
  }

  /** Escape closes what is open in here first: a dialog, a menu. */
  #escape(event) {
    if (event.key !== "Escape" || event.isComposing) return;
    const open = document.querySelector('dialog[open], [aria-expanded="true"]');
    if (!open) this.#send("close");
    else if (open.tagName !== "DIALOG") event.preventDefault(); // else the watcher hears it as well
  }

  // -- look ----------------------------------------------------------------------------------------

  /** Hold the page to light or dark, whatever the browser prefers: in every style sheet, also those that come later. */
  #force(scheme) {
    const settle = () => {
      for (const sheet of document.styleSheets) settleRules(sheet.cssRules, scheme);
    };
    document.documentElement.style.colorScheme = scheme;
    document.addEventListener("load", (event) => event.target.tagName === "LINK" && settle(), true);
    settle();
  }
}

function settleRules(rules, scheme) {
  for (const rule of rules) {
    if (!(rule instanceof CSSMediaRule)) continue;
    rule.media.mediaText = rule.media.mediaText.replace(SCHEME, (_, asked) => (asked === scheme ? "(min-width: 0px)" : "(max-width: 0px)"));
    settleRules(rule.cssRules, scheme);
  }
}

/** The frame that a page is in. */
export function embedOf(page) {
  return new Embed(page.root, {
    focus: () => (window.matchMedia("(pointer: coarse)").matches ? page.transcript.log : page.composer.text).focus(),
    identity(token) {
      page.identity = { type: "identify", token };
      page.sendNow(page.identity); // else it goes out when the conversation is open
    },
    say: (words) => page.composer.say(words),
  });
}
