// One answer on the page: its status, its text as it comes, and what can be done with it at the end.

import { isRunning, openParts, withoutMarks } from "./log.js";
import { button, copyButton, el, fragment, icon, reducedMotion, rungs } from "./dom.js";
import { style } from "./later.js";
import { problemBox } from "./problem.js";
import { ago, day, inLanguage, moment, stamp, t } from "./words.js";

const WHY_MS = 5000;
const ELSE_MS = 15000;

const WORDS = {
  queued: t("Waiting for its turn"),
  faq: t("Looking in the FAQ"),
  routing: t("Choosing who answers"),
  waiting: t("Thinking"),
  continuing: t("Finishing the answer"),
};
const WHY = {
  queued: t("Your earlier question is being answered first."),
  faq: t("The search takes longer than usual."),
  routing: t("The search takes longer than usual."),
  waiting: t("The model is reading your question and the help pages; longer questions take it longer."),
  continuing: t("The answer was interrupted; the rest is being written."),
  text: t("The next words take longer than usual."),
};
const CUT_OFF = t("There is no connection just now; the answer comes when it is back.");
const CAUSES = { retry: t("second try"), continue: t("continued"), escalation: t("looked at again"), choice: t("as you chose") };
const ENDINGS = {
  cancelled: t("Stopped."),
  truncated: t("The answer was cut off here."),
  failed: t("The answer could not be finished."),
  refused: t("I cannot answer that."),
};
const SPENT = t("No AI model can be asked for the rest of the day.");
const RUNGS = { none: 1, lite: 2, standard: 3, heavy: 3 };

function rungOf(reply) {
  return RUNGS[reply.tier] ?? (reply.route === "faq" ? 1 : 2);
}

export class Answer {
  /** `actions`: stopAndAsk, again, rate, resolve, unsolved, ask, person, refresh; `now` gives milliseconds. */
  constructor(reply, { name, actions, now }) {
    this.actions = actions;
    this.now = now;
    this.shown = [];
    this.ahead = null; // blocks of a long text that are to be built above what stands
    this.waitingSince = now();
    this.seenSeq = -1;
    this.footKey = "";
    this.feedback = null; // that module's, once the visitor found something wrong
    this.problem = null;
    this.author = el("span", { class: "author" }, name);
    this.time = el("time", {});
    this.mark = el("span", { class: "tier" }, rungs(0, true));
    this.statusWords = el("span", {});
    this.why = el("span", { class: "why" });
    this.status = el("div", { class: "status" }, this.statusWords, this.why);
    this.final = el("div", { class: "final" });
    this.openNode = document.createTextNode("");
    this.behindNode = document.createTextNode("");
    this.seam = el("span", { class: "seam" }, t("interrupted here; the answer continues"));
    this.open = el("p", { class: "open" }, this.openNode, this.behindNode);
    this.body = el("div", { class: "prose", dir: "auto" }, this.final, this.open);
    this.foot = el("div", { class: "foot" });
    const head = el("header", { class: "head" }, this.author, CAUSES[reply.cause] && el("span", { class: "cause" }, CAUSES[reply.cause]), this.time);
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

  /**
   * Bring the page to what the log says; `latest` is whether this is the last answer of its message, `end` of all,
   * `form` whether the form for a person stands below, `climbs` whether a larger model can be asked, `line` the state
   * of the connection, `letters` how much of an ended text is built now, see `more`.
   */
  update(reply, place) {
    const running = isRunning(reply);
    this.reply = reply;
    this.line = place.line;
    if (reply.seq !== this.seenSeq) {
      this.seenSeq = reply.seq;
      this.waitingSince = this.now();
    }
    this.root.dataset.state = reply.state;
    this.#mark("aria-busy", String(running));
    stamp(this.time, reply.createdAt);
    this.#mark("aria-label", `${this.author.textContent}, ${t("AI assistant")}, ${this.time.textContent}`);
    if (running) this.#stream(reply);
    else this.#finish(reply, place.letters);
    this.tick();
    this.#footOf(reply, place);
  }

  /** Set an attribute where it is another one: what reads the page aloud looks at each that is set. */
  #mark(name, value) {
    if (this.root.getAttribute(name) !== value) this.root.setAttribute(name, value);
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
    if (blocks.length > this.shown.length) this.#nextParagraph();
    for (const html of blocks.slice(this.shown.length)) this.#insert(html);
    this.shown = [...blocks];
  }

  /** What comes behind a finished block stands in a paragraph of its own: the old one would be seen to jump below it. */
  #nextParagraph() {
    const next = el("p", { class: "open" }, this.openNode, this.behindNode);
    this.open.replaceWith(next);
    this.open = next;
  }

  #insert(html) {
    this.final.append(dressed(fragment(html)));
  }

  /** Build a piece more of a long text, above what stands; returns how many characters of `letters` are left. */
  more(letters) {
    const piece = document.createDocumentFragment();
    let node;
    for (; letters > 0 && (node = this.ahead.lastChild); letters -= node.textContent.length) piece.prepend(node);
    this.final.prepend(dressed(piece));
    return letters;
  }

  #finish(reply, letters = Infinity) {
    if (this.ended) return;
    this.ended = true;
    this.seam.remove();
    this.behindNode.data = "";
    inLanguage(this.body, reply.lang);
    // Text that is there already stays as it is, so that a selection or a reader's place is not lost.
    const shown = this.shown.join("\n");
    if (shown && reply.html.startsWith(shown)) {
      this.#insert(reply.html.slice(shown.length));
    } else {
      this.final.replaceChildren();
      this.ahead = fragment(reply.html);
      this.more(letters);
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
    this.status.hidden = !running || this.root.hidden || (hasText && waited < WHY_MS && !reducedMotion());
    if (this.status.hidden) return;
    const words = hasText ? (reducedMotion() ? t("Writing") : "") : t(reply.status) || WORDS[reply.stage] || WORDS.waiting;
    if (this.statusWords.textContent !== words) this.statusWords.textContent = words;
    const online = this.line === "online";
    const why = waited < WHY_MS ? "" : online ? WHY[reply.stage] ?? "" : CUT_OFF;
    const key = `${why}${waited >= ELSE_MS}`;
    if (this.why.dataset.why === key) return;
    this.why.dataset.why = key;
    this.why.replaceChildren(why, ...(waited >= ELSE_MS ? this.#otherWays(online) : []));
  }

  /** A stop that cannot be sent is not offered. */
  #otherWays(online) {
    const stop = online ? [button("link", () => this.actions.stopAndAsk(this.reply), t("Stop and ask again")), " · "] : [];
    return [" ", ...stop, button("link", () => this.actions.person(this.reply), t("Talk to a person"))];
  }

  #footOf(reply, { latest, end, form, climbs }) {
    const offers = reply.offersPerson && latest && !(end && form); // not beside the form that it would open
    if (reply.rating !== "down" || (reply.choosing && this.feedback?.reason)) this.feedback = null;
    const key = JSON.stringify([reply.state, latest, end, offers, climbs, reply.problem, reply.rating, reply.reason, reply.choosing, Boolean(this.feedback), reply.asked, reply.resolved]);
    if (key === this.footKey) return;
    const focused = this.foot.contains(document.activeElement) ? document.activeElement : null;
    this.footKey = key;
    const place = { latest, offers, climbs, last: latest && end, free: latest && !reply.asked && !(reply.problem && reply.tried) };
    this.foot.replaceChildren(...(isRunning(reply) ? [] : this.#ending(reply, place)), this.#problem(reply) ?? "");
    if (!focused) return;
    // Who works by keyboard stays where they were, on the same button also when it was made anew; else on the answer.
    const same = () => [...this.foot.querySelectorAll("button")].find((button) => nameOf(button) === nameOf(focused));
    (this.foot.contains(focused) ? focused : same() ?? this.root).focus({ preventScroll: true });
  }

  /** `free` says that nothing has been asked for under this answer, so that it may be. */
  #ending(reply, { latest, offers, climbs, last, free }) {
    const parts = [this.#notice(reply, free), offers ? this.#person(reply) : null, this.#sources(reply), this.#meta(reply, climbs && free && !(last && reply.actions.length))];
    if (reply.rating === "down") parts.push(this.#reasons(reply));
    if (reply.actions.length) parts.push(this.#choices(reply, latest, last));
    if (last && reply.suggestions.length && reply.state !== "cancelled" && !reply.choosing) parts.push(this.#suggestions(reply));
    return parts.filter(Boolean);
  }

  #notice(reply, free) {
    const spent = reply.endedBy === "budget"; // nothing went wrong, and asking again would end the same way
    const words = reply.notice || (spent ? SPENT : ENDINGS[reply.state]) || "";
    const buttons = [];
    if (free && !spent) {
      if (reply.continuable) buttons.push(button("do", () => this.actions.again(reply, "continue"), icon("arrow"), t("Continue")));
      if (reply.retryable) buttons.push(button("do", () => this.actions.again(reply, "retry"), icon("retry"), t("Retry")));
    }
    if (!words && !buttons.length) return null;
    const kind = reply.state === "completed" || spent ? "aside" : reply.state;
    return el("div", { class: "notice", "data-kind": kind }, el("p", {}, words), ...buttons);
  }

  #person(reply) {
    return el("div", { class: "offer" }, button("do", () => this.actions.person(reply), icon("person"), t("Talk to a person")));
  }

  /** The box stays the same one as long as the problem does, or it would be read out again. */
  #problem({ problem, tried }) {
    if (this.problem?.of !== problem) {
      const retry = tried && (() => this.actions.again(this.reply, tried.type, tried.more));
      this.problem = problem && { of: problem, box: problemBox(problem, "", retry) };
    }
    return this.problem?.box;
  }

  #sources(reply) {
    if (!reply.sources.length) return null;
    const items = reply.sources.map((source) => {
      const reviewed = source.reviewed_on ? el("span", { class: "reviewed" }, t("last reviewed {day}", { day: day(source.reviewed_on) })) : "";
      return el("li", {}, el("span", { lang: source.language || null }, source.title), " ", reviewed);
    });
    const title = reply.sources.length === 1 ? t("Source") : t("Sources");
    return el("div", { class: "sources" }, el("span", { class: "label" }, title), el("ul", {}, ...items));
  }

  #meta(reply, climbs) {
    const words = el("span", {}, t(reply.label), ...(reply.stored ? this.#storedWords(reply.stored) : []));
    const chip = reply.label ? el("span", { class: "chip", "data-rung": rungOf(reply) }, rungs(rungOf(reply)), words) : "";
    const actions = reply.text || reply.html
      ? el(
          "span",
          { class: "actions" },
          climbs && reply.state === "completed" ? this.#larger(reply) : "",
          copyButton(t("Copy"), () => reply.text || this.body.innerText),
          this.#thumb(reply, "up", t("Good answer")),
          this.#thumb(reply, "down", t("Bad answer")),
        )
      : "";
    return chip || actions ? el("div", { class: "meta" }, chip, actions) : null;
  }

  #larger(reply) {
    const words = reply.route === "faq" ? t("Ask an AI model") : t("Ask the larger model");
    const title = t("Answers the same question again; it takes longer.");
    const onclick = () => this.actions.again(reply, "escalate", { reason: "more" });
    return el("button", { type: "button", class: "quiet larger", title, onclick }, rungs(reply.route === "faq" ? 2 : 3), el("span", {}, words));
  }

  #storedWords(stored) {
    const when = el("time", { datetime: stored.written_at, title: moment(stored.written_at) }, t("stored {ago}", { ago: ago(stored.written_at, Date.now()) }));
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

  #reasons(reply) {
    if (this.feedback) return this.feedback.root;
    if (reply.reason) return el("p", { class: "thanks" }, t("Thank you. The team reads this."));
    if (reply.choosing) this.#askWhy(); // else the thumb is from before: nobody is asked twice
    return null;
  }

  /** Without that module, e.g. because the line is down, the thumb goes out alone. */
  async #askWhy() {
    const parts = [import("./feedback.js"), style(new URL("./feedback.css", import.meta.url))];
    const [{ Feedback }] = await Promise.all(parts).catch(() => [{}]);
    if (!Feedback || this.feedback || !this.reply.choosing) return;
    this.feedback = new Feedback((reason, comment) => this.actions.rate(this.reply, "down", reason, comment));
    this.actions.refresh(this.reply.id);
  }

  #choices(reply, latest, last) {
    if (reply.resolved) return el("p", { class: "thanks" }, t("Good to hear."));
    if (reply.asked && latest) return el("p", { class: "thanks" }, t("Looking at it again."));
    if (!last || reply.resolved === false) return null;
    const all = {
      solved: [t("That solved it"), () => this.actions.resolve(reply)],
      not_asked: [t("Not what I asked"), () => this.actions.again(reply, "escalate", { reason: "not_asked" })],
      more: [t("I need more"), () => this.actions.again(reply, "escalate", { reason: "more" })],
      none_of_these: [t("None of these"), () => this.actions.again(reply, "escalate", { reason: "not_asked" })],
      solved_yes: [t("Yes"), () => this.actions.resolve(reply)],
      solved_no: [t("No"), () => this.actions.unsolved(reply)],
    };
    const asks = reply.actions.includes("solved_yes") ? t("Did that solve it?") : reply.actions.includes("none_of_these") ? t("None of them?") : t("Did this help?");
    const buttons = reply.actions
      .filter((name) => all[name])
      .map((name) => button("pill", all[name][1], all[name][0]));
    const said = !reply.actions.includes("solved"); // the reply itself has just asked it
    return el("div", { class: "choices", role: "group", "aria-label": asks }, el("span", { class: said ? "unseen" : "asks" }, asks), ...buttons);
  }

  #suggestions(reply) {
    const buttons = reply.suggestions.map((text) =>
      el("button", { type: "button", class: "pill ask", lang: reply.suggestionsLang || null, onclick: () => this.actions.ask(text) }, text),
    );
    return el("div", { class: "suggestions", role: "group", "aria-label": t("You could ask next") }, el("span", { class: "asks" }, t("You could ask next")), ...buttons);
  }
}

function nameOf(button) {
  return button.title || button.textContent;
}

/** Bring a text node to `text`, by appending where that is enough, so that a selection in it is not lost. */
function write(node, text) {
  if (text.startsWith(node.data)) node.appendData(text.slice(node.data.length));
  else node.data = text;
}

/** Blocks of an answer with what they do not bring along themselves. */
function dressed(nodes) {
  for (const block of nodes.querySelectorAll("pre")) dressCode(block);
  for (const table of nodes.querySelectorAll(".table")) table.setAttribute("aria-label", t("Table"));
  return nodes;
}

/** Give a block of code its language and a copy button. */
function dressCode(block) {
  const language = block.dataset.language ?? "";
  const box = el("div", { class: "code", dir: "ltr" });
  block.replaceWith(box);
  const code = block.querySelector("code");
  box.append(el("div", { class: "code-head" }, el("span", {}, language || t("code")), copyButton(t("Copy code"), () => code.textContent)), block);
  block.setAttribute("role", "group");
  block.setAttribute("aria-label", language ? t("Code in {language}", { language }) : t("Code"));
}

