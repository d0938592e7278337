// The conversation on the page: one section for each message with its answers, in order, and where to scroll.

import { Answer } from "./answer.js";
import { el, fragment, icon } from "./dom.js";
import { isRunning, isSuperseded, offerOf } from "./log.js";
import { inOrder } from "./messages.js";
import { Offer } from "./offer.js";
import { span, stamp } from "./times.js";

const FOLLOW_PX = 80; // a reader this near to the end wants to stay there
const LONG_TEXT = 1200; // characters from which a visitor's own message is folded
const SENDING = { online: "Sending", ended: "Not sent" };
const NO_RETRY = new Set(["conflict", "too_long", "empty"]);

class Mine {
  constructor(item, actions) {
    this.actions = actions;
    this.text = el("p", { class: "text" }, item.text);
    this.time = el("time", {});
    this.state = el("span", { class: "sending" });
    this.problem = el("div", {});
    this.root = el(
      "article",
      { class: "message mine" },
      el("header", { class: "head" }, el("span", { class: "author unseen" }, "You"), this.time, this.state),
      this.text,
    );
    if (item.text.length > LONG_TEXT) this.#fold();
    this.node = el("div", { class: "mine-row" }, this.root, this.problem);
  }

  update({ createdAt, waiting, problem }, line) {
    stamp(this.time, createdAt);
    this.root.setAttribute("aria-label", `You, ${this.time.textContent}`);
    const words = !waiting || problem ? "" : SENDING[line] ?? "Waiting for the connection";
    if (this.state.textContent !== words) this.state.textContent = words;
    this.root.classList.toggle("pending", Boolean(waiting) && !problem);
    if (this.shownProblem !== problem) this.#show(problem, waiting);
    this.shownProblem = problem;
  }

  #show(problem, entry) {
    this.problem.replaceChildren();
    if (!problem) return;
    const [count, unit] = span(problem.retryAfter);
    const said = !problem.retryAfter || problem.message.includes(String(count));
    const until = said ? "" : ` You can send it again in ${count} ${unit}.`;
    const box = el("div", { class: "problem", role: "alert" }, el("p", {}, `Not sent. ${problem.message}${until}`));
    if (!NO_RETRY.has(problem.code)) {
      const retry = el("button", { type: "button", class: "do", onclick: () => this.actions.resend(entry.id) }, icon("retry"), "Retry");
      if (problem.retryAfter) {
        retry.disabled = true;
        setTimeout(() => (retry.disabled = false), problem.retryAfter * 1000);
      }
      box.append(retry);
    }
    box.append(el("button", { type: "button", class: "do", onclick: () => this.actions.edit(entry.id) }, "Edit"));
    this.problem.append(box);
  }

  #fold() {
    this.text.classList.add("folded");
    const button = el("button", { type: "button", class: "link", "aria-expanded": "false" }, "Show all");
    button.addEventListener("click", () => {
      const folded = this.text.classList.toggle("folded");
      button.textContent = folded ? "Show all" : "Show less";
      button.setAttribute("aria-expanded", String(!folded));
    });
    this.root.append(button);
  }
}

const AUTHORS = { staff: "Support team", system: "Notice" };

/** What a person of the team wrote, or the desk itself. */
function noteOf(message) {
  const author = AUTHORS[message.author] ?? "Notice";
  const time = el("time", {});
  stamp(time, message.createdAt);
  const body = el("div", { class: "prose" });
  if (message.html) {
    body.append(fragment(message.html));
    for (const link of body.querySelectorAll("a")) link.append(el("span", { class: "unseen" }, " (opens in a new tab)"));
  } else body.append(el("p", { class: "open" }, message.text));
  return el(
    "article",
    { class: "message note", id: `message-${message.id}`, tabindex: "-1", "data-author": message.author, "aria-label": `${author}, ${time.textContent}` },
    el("header", { class: "head" }, el("span", { class: "author" }, author), time),
    body,
  );
}

export class Transcript {
  constructor({ log, list, earlier, welcome, pill }, context) {
    Object.assign(this, { log, list, earlier, welcome, pill, context });
    this.sections = new Map();
    this.answers = new Map();
    this.follows = true;
    this.expecting = false; // a conversation is known and on its way: no welcome meanwhile
    log.addEventListener("scroll", () => {
      this.#look();
      if (this.follows) this.pill.hidden = true;
    });
    new ResizeObserver(() => this.#keepUp()).observe(log);
    pill.addEventListener("click", () => {
      this.toEnd();
      log.focus({ preventScroll: true });
    });
  }

  /** Show the whole chat, touching only what changed; `line` is the state of the connection. */
  sync(chat, line) {
    const items = [
      ...inOrder(chat).map(({ turn, message }) => (turn ? { key: turn.clientMessageId || turn.id, ...turn } : { key: `m-${message.id}`, message })),
      ...chat.outbox.map((entry) => ({ key: entry.id, text: entry.text, createdAt: entry.at, waiting: entry, problem: entry.problem, replyIds: [] })),
    ];
    this.#look();
    this.#dropAllBut(new Set(items.map((item) => item.key)), chat);
    items.forEach((item, index) => this.#section(item, index, chat, line));
    this.welcome.hidden = items.length > 0 || this.expecting || this.context.busy;
    this.earlier.hidden = !chat.hasEarlier;
    this.#keepUp();
  }

  /** Show the news of one reply. */
  changed(chat, replyId) {
    const reply = chat.replies[replyId];
    const turn = chat.turns.find((other) => other.id === reply.turnId);
    this.#look();
    this.#offer(turn, chat);
    this.#answer(reply, turn, chat);
    this.#keepUp();
  }

  tick() {
    for (const answer of this.answers.values()) answer.tick();
  }

  answerText(replyId) {
    const answer = this.answers.get(replyId);
    return answer ? answer.body.innerText : "";
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.follows = true;
    this.pill.hidden = true;
  }

  /** Bring an answer into view and the focus to it. */
  show(replyId) {
    const node = document.getElementById(`reply-${replyId}`);
    node?.focus({ preventScroll: true });
    node?.scrollIntoView({ block: "nearest" });
  }

  /** Let something grow under a reply: who follows sees both or the reply's beginning, who reads above stays there. */
  growUnder(id, change) {
    const { follows } = this;
    const { scrollTop } = this.log;
    if (!change()) return;
    if (follows) return this.#toReply(id);
    this.log.scrollTop = scrollTop;
    this.#look();
  }

  #toReply(id) {
    const node = this.log.querySelector(`[data-reply="${id}"]`);
    this.toEnd();
    if (!node) return;
    const hidden = this.log.getBoundingClientRect().top - node.getBoundingClientRect().top;
    if (hidden <= 0) return;
    this.log.scrollTop -= hidden;
    this.follows = false;
  }

  /** Let older messages come in above without moving what is being read. */
  keepPlace(change) {
    const fromEnd = this.log.scrollHeight - this.log.scrollTop;
    change();
    this.log.scrollTop = this.log.scrollHeight - fromEnd;
  }

  /** See where the reader is, before the page grows: the scroll event of this moment may still be on its way. */
  #look() {
    this.follows = this.#nearEnd();
  }

  #nearEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight <= FOLLOW_PX;
  }

  #keepUp() {
    if (!this.welcome.hidden) this.pill.hidden = true;
    else if (this.follows) this.toEnd();
    else if (this.#nearEnd()) this.pill.hidden = true;
    else if (this.list.querySelector("[aria-busy=true]")) this.pill.hidden = false;
  }

  #dropAllBut(keys, chat) {
    for (const [key, section] of this.sections) {
      if (keys.has(key)) continue;
      section.node.remove();
      this.sections.delete(key);
    }
    for (const [id, answer] of this.answers) {
      if (chat.replies[id]) continue;
      answer.root.remove();
      this.answers.delete(id);
    }
  }

  #section(item, index, chat, line) {
    let section = this.sections.get(item.key);
    if (!section) {
      section = this.#newSection(item);
      this.sections.set(item.key, section);
    }
    if (this.list.children[index] !== section.node) this.list.insertBefore(section.node, this.list.children[index] ?? null);
    if (item.message) return;
    section.mine.update(item, line);
    if (item.id) this.#offer(item, chat);
    for (const id of item.replyIds) this.#answer(chat.replies[id], item, chat);
  }

  #newSection(item) {
    if (item.message) return { node: noteOf(item.message) };
    const mine = new Mine(item, this.context.actions);
    return { mine, node: el("section", { class: "turn" }, mine.node) };
  }

  /** The offer stands above the answers, and is there before the first of their words. */
  #offer(turn, chat) {
    const section = this.sections.get(turn.clientMessageId || turn.id);
    const offer = offerOf(chat, turn);
    if (!offer.entries.length) return;
    if (!section.offer) {
      section.offer = new Offer(turn.id, this.context.actions);
      section.mine.node.after(section.offer.root);
    }
    section.offer.update(offer, this.#isLast(turn.id, chat));
  }

  #isLast(turnId, chat) {
    return chat.turns.at(-1)?.id === turnId && chat.outbox.length === 0;
  }

  #answer(reply, turn, chat) {
    let answer = this.answers.get(reply.id);
    if (!answer) {
      answer = new Answer(reply, this.context);
      this.answers.set(reply.id, answer);
      this.sections.get(turn.clientMessageId || turn.id).node.append(answer.root);
    }
    const latest = turn.replyIds.at(-1) === reply.id;
    answer.update(reply, { latest, end: this.#isLast(reply.turnId, chat), form: this.context.busy });
    // Stopped by a choice before its first word: nothing was said, so nothing stands there.
    answer.root.hidden = !reply.text && (isRunning(reply) || reply.state === "cancelled") && isSuperseded(chat, reply);
  }
}
