// What people wrote: the visitor's own messages, with what becomes of one while it has no answer, and what the team or
// the desk itself said.

import { button, el, fragment } from "./dom.js";
import { isRunning } from "./log.js";
import { problemBox } from "./problem.js";
import { inLanguage, stamp, t } from "./words.js";

const LONG_TEXT = 1200; // characters from which a visitor's own message is folded
const SENDING = { online: t("Sending"), ended: t("Not sent") };

export class Mine {
  constructor(item, actions) {
    this.actions = actions;
    this.text = el("p", { class: "text", dir: "auto" }, item.text);
    this.time = el("time", {});
    this.state = el("span", { class: "sending" });
    this.under = el("div", { class: "under" });
    this.root = el(
      "article",
      { class: "message mine" },
      el("header", { class: "head" }, el("span", { class: "author unseen" }, t("You")), this.state, this.time),
      this.text,
    );
    if (item.text.length > LONG_TEXT) this.#fold();
    this.node = el("div", { class: "mine-row" }, this.root, this.under);
  }

  /** `reply` is its one answer while nothing was done for it: it waits for its turn, or was taken back. */
  update(item, line) {
    const { createdAt, waiting, says, reply } = item;
    const problem = waiting?.problem;
    const online = line === "online";
    stamp(this.time, createdAt);
    this.root.setAttribute("aria-label", `${t("You")}, ${this.time.textContent}`);
    const words = !waiting ? "" : SENDING[problem ? "ended" : line] ?? t("Waiting for the connection");
    if (this.state.textContent !== words) this.state.textContent = words;
    this.root.classList.toggle("pending", Boolean(waiting || reply) && !problem);
    const unsent = problem || (waiting && !waiting.tried && !online);
    const key = JSON.stringify([reply?.state, unsent, online, says]);
    if (this.key === key) return;
    this.key = key;
    const hadFocus = this.under.contains(document.activeElement);
    this.under.replaceChildren(...this.#under(item, unsent, online));
    if (hadFocus) (this.under.querySelector("button") ?? document.querySelector("#message")).focus({ preventScroll: true });
  }

  #under({ text, waiting, says, reply }, unsent, online) {
    const { actions } = this;
    const link = (words, onclick) => button("link", onclick, words);
    if (unsent) {
      const { id, problem } = waiting;
      const why = problem && says ? problemBox(problem, t("Not sent."), () => actions.resend(problem.code)) : "";
      return [link(t("Edit"), () => actions.edit(id)), link(t("Remove"), () => actions.drop(id)), why];
    }
    if (!reply) return [];
    if (!isRunning(reply)) return [t("Taken back."), link(t("Ask it after all"), () => actions.again(reply, "retry"))];
    const ways = [link(t("Edit"), () => actions.editWaiting(reply, text)), link(t("Cancel"), () => actions.stop(reply))];
    return [t("Waiting for its turn"), ...(online ? ways : [])];
  }

  #fold() {
    this.text.classList.add("folded");
    const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, t("Show all"));
    button.addEventListener("click", () => {
      const folded = this.text.classList.toggle("folded");
      button.textContent = folded ? t("Show all") : t("Show less");
      button.setAttribute("aria-expanded", String(!folded));
    });
    this.root.append(button);
  }
}

const AUTHORS = { staff: t("Support team"), system: t("Notice") };

/** What a person of the team wrote, or the desk itself. */
export function noteOf(message) {
  const author = AUTHORS[message.author] ?? AUTHORS.system;
  const time = el("time", {});
  stamp(time, message.createdAt);
  const body = el("div", { class: "prose", dir: "auto" });
  inLanguage(body, message.lang);
  if (message.html) body.append(fragment(message.html));
  else body.append(el("p", { class: "open" }, message.text));
  return el(
    "article",
    { class: "message note", id: `message-${message.id}`, tabindex: "-1", "data-author": message.author, "aria-label": `${author}, ${time.textContent}` },
    el("header", { class: "head" }, el("span", { class: "author" }, author), time),
    body,
  );
}
