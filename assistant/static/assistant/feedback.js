// What was wrong with an answer: a reason by one press, and a few words of the visitor's own if they like.

import { el } from "./dom.js";
import { t } from "./words.js";

const COMMENT_LIMIT = 1000; // the desk's, in characters
const REASONS = [
  ["wrong", t("It is wrong")],
  ["outdated", t("It is outdated")],
  ["incomplete", t("It is incomplete")],
  ["not_my_question", t("Not my question")],
  ["tone", t("The tone")],
];

export class Feedback {
  /** `say(reason, comment)` sends the thumb with what was chosen and written. */
  constructor(say) {
    this.say = say;
    this.reason = "";
    this.root = el("div", { class: "feedback", role: "group", tabindex: "-1", "aria-label": t("What was wrong with it?") });
    const chips = REASONS.map(([reason, words]) =>
      el("button", { type: "button", class: "pill", onclick: () => this.#chosen(reason) }, words),
    );
    this.root.append(el("span", { class: "asks" }, t("What was wrong with it?")), ...chips);
  }

  #chosen(reason) {
    this.reason = reason;
    this.say(reason, "");
    const words = el("textarea", { rows: "1", maxlength: COMMENT_LIMIT, "aria-label": t("What should we know about it?"), placeholder: t("Add a few words") });
    const send = () => words.value.trim() && this.#written(words.value.trim());
    words.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      send();
    });
    const box = el("div", { class: "comment" }, words, el("button", { type: "button", class: "do", onclick: send }, t("Send")));
    this.root.replaceChildren(thanks(), box);
    this.root.focus({ preventScroll: true });
  }

  #written(comment) {
    this.say(this.reason, comment);
    this.root.replaceChildren(thanks());
    this.root.focus({ preventScroll: true });
  }
}

function thanks() {
  return el("p", { class: "thanks" }, t("Thank you. The team reads this."));
}
