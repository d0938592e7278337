// One answer on the page: its status, its text as it comes, and what can be done with it at the end.

import { isRunning, openParts, withoutMarks } from "./log.js";
import { copyButton, el, fragment, icon, reducedMotion, rungs } from "./dom.js";
import { ago, day, moment, stamp } from "./times.js";

const WHY_MS = 5000;
const ELSE_MS = 15000;

const WORDS = {
  queued: "Waiting for its turn",
  faq: "Looking in the FAQ",
  routing: "Choosing who answers",
  waiting: "Thinking",
  continuing: "Finishing the answer",
};
const WHY = {
  queued: "Your earlier question is being answered first.",
  faq: "The search takes longer than usual.",
  routing: "The search takes longer than usual.",
  waiting: "The model is reading your question and the help pages; longer questions take it longer.",
  continuing: "The answer was interrupted; the rest is being written.",
  text: "The next words take longer than usual.",
};
const CAUSES = { retry: "second try", continue: "continued", escalation: "looked at again", choice: "as you chose" };
const ENDINGS = {
  cancelled: "Stopped.",
  truncated: "The answer was cut off here.",
  failed: "The answer could not be finished.",
  refused: "I cannot answer that.",
};
const SPENT = "No AI model can be asked for the rest of the day.";
const REASONS = [
  ["wrong", "It is wrong"],
  ["outdated", "It is outdated"],
  ["incomplete", "It is incomplete"],
  ["not_my_question", "Not my question"],
  ["tone", "The tone"],
];
const RUNGS = { none: 1, lite: 2, standard: 3, heavy: 3 };

function rungOf(reply) {
  return RUNGS[reply.tier] ?? (reply.route === "faq" ? 1 : 2);
}

export class Answer {
  /** `actions`: stop, retry, carryOn, escalate, rate, resolve, ask, person; `now` gives milliseconds. */
  constructor(reply, { name, actions, now }) {
    this.actions = actions;
    this.now = now;
    this.shown = [];
    this.waitingSince = now();
    this.seenSeq = -1;
    this.footKey = "";
    this.author = el("span", { class: "author" }, name);
    this.time = el("time", {});
    this.mark = el("span", { class: "tier" }, rungs(0, true));
    this.statusWords = el("span", {});
    this.why = el("span", { class: "why" });
    this.status = el("div", { class: "status" }, this.statusWords, this.why);
    this.final = el("div", { class: "final" });
    this.openNode = document.createTextNode("");
    this.behindNode = document.createTextNode("");
    this.seam = el("span", { class: "seam" }, "interrupted here; the answer goes on");
    this.open = el("p", { class: "open" }, this.openNode, this.behindNode);
    this.body = el("div", { class: "prose" }, this.final, this.open);
    this.foot = el("div", { class: "foot" });
    const head = el("header", { class: "head" }, this.author, this.cause(reply), this.time);
    this.root = el(
      "article",
      { class: "message answer", id: `reply-${reply.id}`, tabindex: "-1", "data-reply": reply.id },
      this.mark,
      head,
      this.body,
      this.status,
      this.foot,
    );
  }

  cause(reply) {
    return CAUSES[reply.cause] ? el("span", { class: "cause" }, CAUSES[reply.cause]) : null;
  }

  /**
   * Bring the page to what the log says; `latest` is whether this is the last answer of its message, `end` of all,
   * `form` whether the form for a person stands below.
   */
  update(reply, { latest, end, form }) {
    const running = isRunning(reply);
    this.reply = reply;
    if (reply.seq !== this.seenSeq) {
      this.seenSeq = reply.seq;
      this.waitingSince = this.now();
    }
    this.root.dataset.state = reply.state;
    this.root.setAttribute("aria-busy", String(running));
    stamp(this.time, reply.createdAt);
    this.root.setAttribute("aria-label", `${this.author.textContent}, AI assistant, ${this.time.textContent}`);
    if (running) this.#stream(reply);
    else this.#finish(reply);
    this.tick();
    this.#footOf(reply, latest, end, form);
  }

  #stream(reply) {
    this.#blocks(reply.blocks);
    const [text, behind] = reducedMotion() ? ["", ""] : openParts(reply);
    this.#placeSeam(reply);
    this.open.hidden = text === "" && behind === "" && this.seam.parentNode !== this.open;
    this.open.classList.toggle("raw", /^(```|~~~)/.test(text));
    write(this.openNode, withoutMarks(text));
    write(this.behindNode, withoutMarks(behind));
  }

  /** The mark stands in the open text where the answer was interrupted, later behind the block that this became. */
  #placeSeam(reply) {
    const place = reply.seam < reply.cut ? this.final : this.open;
    if (reply.seam === null) this.seam.remove();
    else if (this.seam.parentNode !== place) place.insertBefore(this.seam, place === this.open ? this.behindNode : null);
  }

  #blocks(blocks) {
    const grows = this.shown.every((html, index) => blocks[index] === html);
    if (!grows) {
      this.final.replaceChildren();
      this.shown = [];
    }
    for (const html of blocks.slice(this.shown.length)) this.#insert(html);
    this.shown = [...blocks];
  }

  #insert(html) {
    const nodes = fragment(html);
    for (const block of nodes.querySelectorAll("pre")) dressCode(block);
    for (const link of nodes.querySelectorAll("a")) link.append(el("span", { class: "unseen" }, " (opens in a new tab)"));
    this.final.append(nodes);
  }

  #finish(reply) {
    if (this.ended) return;
    this.ended = true;
    this.seam.remove();
    this.behindNode.data = "";
    if (reply.lang) this.body.lang = reply.lang;
    // Text that is there already stays as it is, so that a selection or a reader's place is not lost.
    const shown = this.shown.join("\n");
    if (shown && reply.html.startsWith(shown)) {
      this.#insert(reply.html.slice(shown.length));
    } else {
      this.final.replaceChildren();
      this.#insert(reply.html);
    }
    this.openNode.data = reply.html ? "" : reply.text;
    this.open.hidden = !this.openNode.data;
    this.open.classList.remove("raw");
    this.mark.replaceChildren(rungs(reply.state === "completed" || reply.text ? rungOf(reply) : 0));
  }

  /** Say what is going on, after 5 s why it takes so long, and at 15 s what else can be done. */
  tick() {
    const { reply } = this;
    const waited = this.now() - this.waitingSince;
    const hasText = reply.stage === "text";
    const running = isRunning(reply);
    this.status.hidden = !running || (hasText && waited < WHY_MS && !reducedMotion());
    if (this.status.hidden) return;
    const words = hasText ? (reducedMotion() ? "Writing" : "") : reply.status || WORDS[reply.stage] || "Thinking";
    if (this.statusWords.textContent !== words) this.statusWords.textContent = words;
    const why = waited < WHY_MS ? "" : WHY[reply.stage] ?? "";
    if (this.why.dataset.why === `${why}${waited >= ELSE_MS}`) return;
    this.why.dataset.why = `${why}${waited >= ELSE_MS}`;
    this.why.replaceChildren(why, ...(waited >= ELSE_MS ? this.#otherWays() : []));
  }

  #otherWays() {
    const person = [", or ", el("button", { type: "button", class: "link", onclick: () => this.actions.person(this.reply) }, "talk to a person")];
    return [" You can ", el("button", { type: "button", class: "link", onclick: () => this.actions.stop(this.reply) }, "stop"), " and ask again", ...person, "."];
  }

  #footOf(reply, latest, end, form) {
    const offers = reply.offersPerson && latest && !(end && form); // not beside the form that it would open
    const key = JSON.stringify([reply.state, latest, end, offers, reply.problem, reply.rating, reply.reason, reply.choosing, reply.asked, reply.resolved]);
    if (key === this.footKey) return;
    const hadFocus = this.foot.contains(document.activeElement);
    this.footKey = key;
    this.foot.replaceChildren(...(isRunning(reply) ? [] : this.#ending(reply, latest, end, offers)), this.#problem(reply) ?? "");
    if (hadFocus && !this.foot.contains(document.activeElement)) this.root.focus({ preventScroll: true });
  }

  #ending(reply, latest, end, offers) {
    const parts = [this.#notice(reply, latest), offers ? this.#person(reply) : null, this.#sources(reply), this.#meta(reply)];
    const last = latest && end;
    if (reply.rating === "down") parts.push(this.#reasons(reply, latest));
    if (reply.actions.length) parts.push(this.#choices(reply, latest, last));
    if (last && reply.suggestions.length && reply.state !== "cancelled" && !reply.choosing) parts.push(this.#suggestions(reply));
    return parts.filter(Boolean);
  }

  #notice(reply, latest) {
    const spent = reply.endedBy === "budget"; // nothing went wrong, and asking again would end the same way
    const words = reply.notice || (spent ? SPENT : ENDINGS[reply.state]) || "";
    const buttons = [];
    if (latest && !reply.asked && !spent) {
      if (reply.state === "truncated" && reply.continuable) buttons.push(this.#button("Continue", "arrow", () => this.actions.carryOn(reply)));
      if (reply.retryable) buttons.push(this.#button("Retry", "retry", () => this.actions.retry(reply)));
    }
    if (!words && !buttons.length) return null;
    const kind = reply.state === "completed" || spent ? "aside" : reply.state;
    return el("div", { class: "notice", "data-kind": kind }, el("p", {}, words), ...buttons);
  }

  #person(reply) {
    return el("div", { class: "offer" }, this.#button("Talk to a person", "person", () => this.actions.person(reply)));
  }

  #problem(reply) {
    if (!reply.problem) return null;
    return el("div", { class: "problem", role: "alert" }, el("p", {}, reply.problem.message));
  }

  #sources(reply) {
    if (!reply.sources.length) return null;
    const items = reply.sources.map((source) => {
      const reviewed = source.reviewed_on ? el("span", { class: "reviewed" }, `last reviewed ${day(source.reviewed_on)}`) : "";
      return el("li", {}, el("span", {}, source.title), " ", reviewed);
    });
    const title = reply.sources.length === 1 ? "Source" : "Sources";
    return el("div", { class: "sources" }, el("span", { class: "label" }, title), el("ul", {}, ...items));
  }

  #meta(reply) {
    const words = el("span", {}, reply.label, ...(reply.stored ? this.#storedWords(reply.stored) : []));
    const chip = reply.label ? el("span", { class: "chip", "data-rung": rungOf(reply) }, rungs(rungOf(reply)), words) : "";
    const actions = reply.text || reply.html
      ? el("span", { class: "actions" }, copyButton("Copy", () => reply.text || this.body.innerText), this.#thumb(reply, "up", "Good answer"), this.#thumb(reply, "down", "Bad answer"))
      : "";
    return chip || actions ? el("div", { class: "meta" }, chip, actions) : null;
  }

  #storedWords(stored) {
    const when = el("time", { datetime: stored.written_at, title: moment(stored.written_at) }, `stored ${ago(stored.written_at, Date.now())}`);
    return [" · ", when, ...(stored.model ? [` · ${stored.model}`] : [])];
  }

  #thumb(reply, rating, label) {
    const pressed = reply.rating === rating;
    return el(
      "button",
      { type: "button", class: "quiet", "aria-label": label, title: label, "aria-pressed": String(pressed), onclick: () => this.actions.rate(reply, rating) },
      icon(rating),
    );
  }

  #reasons(reply, latest) {
    if (reply.reason) return el("p", { class: "thanks" }, "Thank you. The team reads this.");
    if (!reply.choosing) return null; // the thumb is from before: nobody is asked twice
    const chips = REASONS.map(([reason, words]) =>
      el("button", { type: "button", class: "pill", onclick: () => this.actions.rate(reply, "down", reason) }, words),
    );
    const larger = latest && !reply.asked && reply.tier !== "heavy"
      ? [this.#button("Ask the larger model", "retry", () => this.actions.escalate(reply, "more"))]
      : [];
    return el("fieldset", { class: "reasons" }, el("legend", {}, "What was wrong with it?"), ...chips, ...larger);
  }

  #choices(reply, latest, last) {
    if (reply.resolved) return el("p", { class: "thanks" }, "Good to hear.");
    if (reply.asked && latest) return el("p", { class: "thanks" }, "Looking at it again.");
    if (!last || reply.resolved === false) return null;
    const all = {
      solved: ["That solved it", () => this.actions.resolve(reply)],
      not_asked: ["Not what I asked", () => this.actions.escalate(reply, "not_asked")],
      more: ["I need more", () => this.actions.escalate(reply, "more")],
      none_of_these: ["None of these", () => this.actions.escalate(reply, "not_asked")],
      solved_yes: ["Yes", () => this.actions.resolve(reply)],
      solved_no: ["No", () => this.actions.unsolved(reply)],
    };
    const asks = reply.actions.includes("solved_yes") ? "Did that solve it?" : reply.actions.includes("none_of_these") ? "None of them?" : "Did this help?";
    const buttons = reply.actions
      .filter((name) => all[name])
      .map((name) => el("button", { type: "button", class: "pill", onclick: all[name][1] }, all[name][0]));
    const said = !reply.actions.includes("solved"); // the reply itself has just asked it
    return el("div", { class: "choices", role: "group", "aria-label": asks }, el("span", { class: said ? "unseen" : "asks" }, asks), ...buttons);
  }

  #suggestions(reply) {
    const buttons = reply.suggestions.map((text) =>
      el("button", { type: "button", class: "pill ask", onclick: () => this.actions.ask(text) }, text),
    );
    return el("div", { class: "suggestions", role: "group", "aria-label": "You could ask next" }, el("span", { class: "asks" }, "You could ask next"), ...buttons);
  }

  #button(words, name, onclick) {
    return el("button", { type: "button", class: "do", onclick }, icon(name), words);
  }
}

/** Bring a text node to `text`, by appending where that is enough, so that a selection in it is not lost. */
function write(node, text) {
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}

/** Give a block of code its language and a copy button. */
function dressCode(block) {
  const language = block.dataset.language ?? "";
  const box = el("div", { class: "code" });
  block.replaceWith(box);
  const code = block.querySelector("code");
  box.append(el("div", { class: "code-head" }, el("span", {}, language || "code"), copyButton("Copy code", () => code.textContent)), block);
  block.setAttribute("role", "group");
  block.setAttribute("aria-label", language ? `Code in ${language}` : "Code");
}

