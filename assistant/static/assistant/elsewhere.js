// A strip above the message box: what happens with a person in another conversation of this visitor.

import { el } from "./dom.js";
import { style } from "./later.js";
import { t } from "./words.js";

const WORDS = {
  offered: (title) => t("The team has time for you in another conversation: {title}", { title }),
  waiting: (title) => t("You wait for a person in another conversation: {title}", { title }),
  with_staff: (title) => t("A person is there for you in another conversation: {title}", { title }),
};

function wordsOf({ unread, live, title }) {
  const named = title || t("Without a question");
  return unread ? t("The team wrote in another conversation: {title}", { title: named }) : WORDS[live]?.(named) ?? "";
}

/** Show what the desk says of another conversation; the strip is made for the first that is worth a word. */
export async function show(page, frame) {
  await style(new URL("./live.css", import.meta.url));
  page.strip ??= new Strip(page);
  page.strip.show(frame);
}

class Strip {
  #rows = new Map(); // by conversation, what is said of it

  constructor(page) {
    this.page = page;
    this.list = el("ul", { class: "live-body" });
    this.root = el("section", { class: "live elsewhere", hidden: true, "aria-label": t("Your conversations") }, this.list);
    document.querySelector("#composer").before(this.root);
  }

  /** The desk says how another conversation stands; what needs no look any more goes. */
  show(frame) {
    const { conversation_id: id } = frame;
    const words = id === this.page.chat.conversationId ? "" : wordsOf(frame);
    const before = this.#rows.get(id);
    if (words === (before?.words ?? "") && frame.unread === (before?.unread ?? 0)) return;
    if (words) this.#rows.set(id, { words, unread: frame.unread });
    else this.#rows.delete(id);
    this.#draw();
    if (frame.unread > (before?.unread ?? 0)) this.page.embed?.news();
    if (words && words !== before?.words) this.page.announcer.say(words);
  }

  /** Another conversation was opened: the desk says anew what happens outside of it. */
  clear() {
    this.#rows.clear();
    this.#draw();
  }

  #draw() {
    const held = this.list.contains(document.activeElement);
    const go = (id) => el("button", { type: "button", class: "do", onclick: () => this.page.leaving("goTo", id).catch(() => this.page.unfetched()) }, t("Go there"));
    this.list.replaceChildren(...Array.from(this.#rows, ([id, { words }]) => el("li", {}, el("span", { class: "live-words", dir: "auto" }, words), go(id))));
    this.root.hidden = this.#rows.size === 0;
    if (held) (this.list.querySelector("button") ?? document.querySelector("#message")).focus();
  }
}
