// What the desk would not do, said beside what it is about; a limit counts down on its button until it ends.

import { button, el, icon } from "./dom.js";
import { span, t } from "./words.js";

const FINAL = new Set(["conflict", "too_long", "empty", "not_found", "not_available"]); // said again, they end the same way

/** A box with the desk's words behind `lead`, and a Retry where that may help. */
export function problemBox(problem, lead, retry) {
  const said = !problem.retryAfter || /\d/.test(problem.message);
  const until = said ? "" : t("You can try again in {wait}.", { wait: span(problem.retryAfter) });
  const words = [lead, problem.message, until].filter(Boolean).join(" ");
  const box = el("div", { class: "problem" }, el("p", { role: "alert" }, words));
  if (retry && !FINAL.has(problem.code)) box.append(...retryButton(problem.until, retry));
  return box;
}

/** The seconds are for the eye alone: what is read out is the sentence before, and that the limit has ended. */
function retryButton(until, retry) {
  const left = el("span", { class: "left", "aria-hidden": "true" });
  const ended = el("span", { class: "unseen", role: "status" });
  const again = button("do", retry, icon("retry"), t("Retry"), left);
  const count = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    const waits = seconds > 0;
    if (again.disabled && !waits) ended.textContent = t("You can try again now.");
    again.disabled = waits;
    left.textContent = waits ? span(seconds) : "";
    if (waits) setTimeout(() => left.isConnected && count(), 500);
  };
  count();
  return [again, ended];
}
