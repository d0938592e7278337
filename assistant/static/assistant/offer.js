// "Did you mean": the questions that stand as buttons under a message while its answer is on the way.

import { el, icon } from "./dom.js";
import { LOCALE, t } from "./words.js";

const TITLE = t("Did you mean");

export class Offer {
  /** `actions`: choose(turnId, entryId), show(replyId). */
  constructor(turnId, actions) {
    this.turnId = turnId;
    this.actions = actions;
    this.key = "";
    this.seen = false; // as buttons
    this.root = el("div", { class: "did-you-mean", role: "group", "aria-label": TITLE, tabindex: "-1", hidden: true });
  }

  /**
   * Bring the buttons to what the log says. Once the visitor has gone on (`end` is false) they stay where they were seen,
   * so that nothing below them moves, but take no press; of an offer from before this page only a choice stays.
   */
  update(offer, end) {
    this.seen ||= end;
    const key = JSON.stringify([offer, end]);
    if (key === this.key) return;
    this.key = key;
    const chosen = offer.entries.filter((entry) => offer.answers[entry.entry_id]);
    const left = offer.entries.filter((entry) => !offer.withdrawn.includes(entry.entry_id));
    const focused = this.root.contains(document.activeElement) ? document.activeElement.dataset.entry ?? "" : null;
    this.root.replaceChildren(...(this.seen ? this.#buttons(left, offer, end) : chosen.map((entry) => this.#line(entry))));
    this.root.hidden = this.root.childElementCount === 0;
    if (focused !== null) this.#focus(focused);
  }

  #buttons(entries, offer, end) {
    const title = entries.length ? [el("span", { class: "asks" }, TITLE)] : [];
    const problem = offer.problem ? [el("div", { class: "problem", role: "alert" }, el("p", {}, offer.problem.message))] : [];
    return [...title, ...entries.map((entry) => this.#button(entry, offer, end)), ...problem];
  }

  #button(entry, offer, end) {
    const reply = offer.answers[entry.entry_id];
    const pending = offer.pending === entry.entry_id;
    const press = () => {
      if (reply) this.actions.show(reply);
      else if (!pending) this.actions.choose(this.turnId, entry.entry_id);
    };
    return el(
      "button",
      { type: "button", class: "pill choice", lang: entry.language || null, "data-entry": entry.entry_id, "aria-pressed": String(Boolean(reply)), "aria-busy": pending ? "true" : null, disabled: !end, onclick: press },
      reply ? icon("check") : "",
      entry.question,
    );
  }

  #line(entry) {
    return el("p", { class: "chose" }, icon("check"), el("span", {}, t("You chose:"), " ", el("span", { lang: entry.language || null }, entry.question)));
  }

  /** Keep the focus where it was: on the same button, else on the group. */
  #focus(entryId) {
    const same = [...this.root.querySelectorAll("button")].find((button) => button.dataset.entry === entryId && !button.disabled);
    (same ?? this.root).focus({ preventScroll: true });
  }
}

/** What is said once when an offer comes. */
export function offerWords(entries) {
  const questions = new Intl.ListFormat(LOCALE, { type: "disjunction" }).format(entries.map(({ question }) => t("“{question}”", { question })));
  return t("Assistant is answering. Did you mean {questions}? The buttons are under your message.", { questions });
}
