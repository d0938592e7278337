// What the page says about the desk itself: its name, its starters, the line to people, and the connection.

import { el } from "./dom.js";

const BANNER_AFTER_MS = 2000; // a loss shorter than this is nobody's business

const CONNECTION = {
  connecting: "Connecting",
  online: "Online",
  reconnecting: "Reconnecting",
  offline: "Offline",
  ended: "Closed",
};
const LOST = {
  connecting: "The desk does not answer yet. Trying again.",
  reconnecting: "The connection was lost. Trying again; what you write is kept.",
  offline: "You are offline. What you write is kept and sent when you are back.",
};
const STATES = { waiting: " · The team will answer", with_staff: " · A person is here" };
const LOG_KNOWS = "If you run this desk: its log names the setting that allows it.";
const ENDED = {
  refused: `This chat does not accept connections from this address. ${LOG_KNOWS}`,
  sign_in: "Your session has ended. Load the page again to go on.",
  outdated: "This page is from an older version. Load it again to go on.",
  closed: "This chat has ended.",
};

/** A contact as staff typed it: an address or https link becomes a link, anything else stays text. */
export function contactNode(contact) {
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(contact)) return el("a", { href: `mailto:${contact}` }, contact);
  if (/^https:\/\/\S+$/.test(contact)) {
    return el("a", { href: contact, rel: "noopener nofollow", target: "_blank" }, new URL(contact).host);
  }
  return el("span", {}, contact);
}

function reloadButton() {
  return el("button", { type: "button", class: "do", onclick: () => window.location.reload() }, "Load again");
}

/** The way to the team that needs neither this connection nor this script. */
function plainPage() {
  return el("a", { class: "plain-page", href: "/person/" }, "Write to the team without the chat");
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
    this.root.querySelector("#sandbox-note").hidden = !frame.sandbox;
    this.#starters(frame.suggestions ?? []);
  }

  /** Say in the header that the conversation waits for a person, or has one. */
  state(name) {
    this.#text("#conversation-state", STATES[name] ?? "");
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
    if (this.contact) line.append(el("span", { class: "reach" }, "For a person: ", contactNode(this.contact), ". "));
    line.append(el("a", { href: "/person/" }, "Write to the team"), ".");
    if (privacyUrl && privacyUrl.startsWith("https://")) {
      line.append(" ", el("a", { href: privacyUrl, rel: "noopener", target: "_blank" }, "Privacy"), ".");
    }
  }

  #starters(texts) {
    const list = this.root.querySelector("#starters");
    list.replaceChildren(
      ...texts.map((text) => el("li", {}, el("button", { type: "button", class: "pill ask", onclick: () => this.onAsk(text) }, text))),
    );
  }
}
