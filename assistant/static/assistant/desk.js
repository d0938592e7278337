// What the page says about the desk itself: its name, its starters, the line to people, and the connection.

import { el } from "./dom.js";
import { plainPage, reloadButton } from "./later.js";
import { t } from "./words.js";

const BANNER_AFTER_MS = 2000; // a loss shorter than this is nobody's business

const CONNECTION = {
  connecting: t("Connecting"),
  online: t("Online"),
  reconnecting: t("Reconnecting"),
  offline: t("Offline"),
  ended: t("Closed"),
};
const LOST = {
  connecting: t("The chat does not answer yet. Trying again."),
  reconnecting: t("The connection was lost. Trying again; what you write is kept."),
  offline: t("You are offline. What you write is kept and sent when you are back."),
};
const STATES = { waiting: ` · ${t("The team will answer")}`, with_staff: ` · ${t("A person is here")}` };
const LOG_KNOWS = t("If you run this chat: its log names the setting that allows it.");
const ENDED = {
  refused: `${t("This chat does not accept connections from this address.")} ${LOG_KNOWS}`,
  sign_in: navigator.cookieEnabled ? t("Your session has ended. Load the page again to go on.") : t("This chat needs a cookie, and this browser keeps none here. Allow it, then load the page again."),
  outdated: t("This page is from an older version. Load it again to go on."),
  closed: t("This chat has ended."),
};

export const LIKE_AN_ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/; // the desk itself looks closer

/** A contact as staff typed it: an address or https link becomes a link, anything else stays text. */
export function contactNode(contact) {
  if (LIKE_AN_ADDRESS.test(contact)) return el("a", { href: `mailto:${contact}` }, contact);
  if (/^https:\/\/\S+$/.test(contact)) {
    return el("a", { href: contact, rel: "noopener nofollow", target: "_blank" }, new URL(contact).host);
  }
  return el("span", {}, contact);
}

export class Desk {
  constructor(root, { onAsk }) {
    this.root = root;
    this.onAsk = onAsk;
    this.connection = root.querySelector("#connection");
    this.banner = root.querySelector("#banner");
    this.timer = 0;
    this.lost = "";
    this.contact = root.dataset.contact ?? "";
    this.#contactLine(root.dataset.privacy);
  }

  opened(frame) {
    const assistant = frame.assistant ?? {};
    if (assistant.name) this.#text("#desk-name", assistant.name);
    if (assistant.greeting) this.#text("#greeting", assistant.greeting);
    if (assistant.contact !== undefined) this.contact = assistant.contact;
    this.#contactLine(assistant.privacy_url);
    this.#starters(frame.suggestions ?? [], frame.suggestions_lang);
  }

  /** Say in the header that the conversation waits for a person, or has one; `words` say it better. */
  state(name, words = null) {
    this.#text("#conversation-state", words ? ` · ${words}` : STATES[name] ?? "");
  }

  get name() {
    return this.root.querySelector("#desk-name").textContent;
  }

  /** Show the state of the line at once in the header, and as a banner when it lasts or has been waited for. */
  line(state, { reason, message, doubted }) {
    this.connection.textContent = CONNECTION[state];
    this.connection.dataset.state = state;
    if (state === "online" || state === "ended") {
      clearTimeout(this.timer);
      this.timer = 0;
      this.lost = "";
      if (state === "online") this.#banner("");
      else if (reason === "closed") this.#banner(ENDED.closed);
      else this.#banner(reason === "refused" && message ? `${message} ${LOG_KNOWS}` : ENDED[reason] ?? message, [reloadButton(), plainPage()]);
      return;
    }
    this.lost = LOST[state];
    if (this.banner.textContent || doubted) this.#banner(this.lost, [plainPage()]);
    // One clock for the whole loss: every new try reports here too and must not start it again.
    else this.timer ||= setTimeout(() => this.#banner(this.lost, [plainPage()]), BANNER_AFTER_MS);
  }

  #banner(words, ways = []) {
    if (this.banner.dataset.words === words) return;
    this.banner.dataset.words = words;
    this.banner.replaceChildren(words);
    for (const way of ways) this.banner.append(" ", way);
  }

  #text(selector, words) {
    this.root.querySelector(selector).textContent = words;
  }

  #contactLine(privacyUrl) {
    const line = this.root.querySelector("#contact-line");
    line.replaceChildren(" ");
    if (this.contact) line.append(el("span", { class: "reach" }, t("For a person:"), " ", contactNode(this.contact), "\u00a0· "));
    line.append(el("a", { href: "/person/" }, t("Write to the team")));
    if (privacyUrl?.startsWith("https://")) {
      line.append("\u00a0· ", el("a", { href: privacyUrl, rel: "noopener", target: "_blank" }, t("Privacy")));
    }
  }

  #starters(texts, lang) {
    const list = this.root.querySelector("#starters");
    list.replaceChildren(
      ...texts.map((text) => el("li", {}, el("button", { type: "button", class: "pill ask", lang: lang || null, onclick: () => this.onAsk(text) }, text))),
    );
  }
}
