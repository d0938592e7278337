// The conversation on the page: one section for each message with its answers, in order. What is long is built in
// slices, from its end on, so that the page never stands still for it.

import { Answer } from "./answer.js";
import { el } from "./dom.js";
import { isRunning, isSuperseded, isTakenBack, isWaiting, offerOf, runningReply } from "./log.js";
import { inOrder } from "./messages.js";
import { Offer } from "./offer.js";
import { Place } from "./place.js";
import { t } from "./words.js";
import { Mine, noteOf } from "./written.js";

const AT_ONCE = 2500; // characters that fill two screens: what comes above these moves nothing that is seen
const SLICE = 1500; // characters that are built between two frames, up to four times as many where these take less than FRAME_MS
const FRAME_MS = 30;
const SECTION = 300; // characters that take as long as what is around a text
const SOON_MS = 100; // the longest that text waits for a frame: a page that is not shown has none

export class Transcript {
  #ahead = []; // sections to be built, from the newest to the oldest: {item, newer: the key of the one below it}
  #parts = []; // answers of which only the last part is built, the one at the end to be gone on with
  #size = AT_ONCE; // characters of the next slice
  #news = new Set(); // ids of replies that have more text than is shown

  constructor({ log, list, earlier, welcome, pill }, context) {
    Object.assign(this, { log, list, earlier, welcome, context });
    this.sections = new Map();
    this.answers = new Map();
    this.expecting = false; // a conversation is known and on its way: no welcome meanwhile
    this.place = new Place(log, pill, () => runningReply(this.chat) !== null);
    window.addEventListener("resize", () => {
      for (const { node } of this.sections.values()) node.classList.remove("past"); // each has another height now
      this.#rest();
    });
    window.addEventListener("beforeprint", () => this.#whole());
  }

  /** Show the whole chat, touching only what changed; `line` is the state of the connection. */
  sync(chat, line) {
    Object.assign(this, { chat, line });
    const last = new Map(chat.outbox.map((entry) => [entry.problem?.code, entry])); // why messages were refused is said once, under the last
    const items = [
      ...inOrder(chat).map(({ turn, message }) => (turn ? { key: turn.clientMessageId || turn.id, ...turn } : { key: `m-${message.id}`, message })),
      ...chat.outbox.map((entry) => ({ key: entry.id, text: entry.text, createdAt: entry.at, waiting: entry, says: last.get(entry.problem?.code) === entry, replyIds: [] })),
    ];
    this.#news.clear();
    this.#dropAllBut(new Set(items.map((item) => item.key)), chat);
    this.place.begins = !(this.welcome.hidden = items.length > 0 || this.expecting || this.context.busy);
    this.#build(items.reverse());
  }

  /** Bring the sections to the chat, the newest first; where much is new, that is left for later. */
  #build(items) {
    const building = this.#building;
    const fresh = items.filter((item) => !this.sections.has(item.key));
    if (fresh.at(-1) === items.at(-1)) this.place.hold(this.list.firstElementChild);
    const texts = fresh.flatMap(({ text, message, replyIds = [] }) => [text ?? message.text, ...replyIds.map((id) => this.chat.replies[id].text)]);
    const much = texts.reduce((sum, text) => sum + text.length, 0) > AT_ONCE;
    this.#ahead = [];
    let newer;
    for (const item of items) {
      if (much && !item.waiting && fresh.includes(item)) this.#ahead.push({ item, newer });
      else this.#section(item, newer);
      newer = item.key;
    }
    this.#built();
    if (this.#building && !building) this.#later();
  }

  /** Build a little more, let the browser show it, and go on after that. */
  #slice() {
    if (!this.#building) return;
    this.place.hold(this.#parts.at(-1)?.final.firstElementChild ?? this.list.firstElementChild);
    for (let left = this.#size; left > 0 && this.#building; ) left = this.#next(left);
    this.#built();
    if (this.#building) this.#later();
  }

  get #building() {
    return this.#ahead.length + this.#parts.length > 0;
  }

  /** Build the next piece, of an answer that is longer than one or of a section; returns what is left of `letters`. */
  #next(letters) {
    const answer = this.#parts.at(-1);
    if (!answer) {
      const { item, newer } = this.#ahead.shift();
      this.#section(item, newer, 0);
      return letters - SECTION;
    }
    const left = answer.more(letters);
    if (!answer.ahead.hasChildNodes()) this.#parts.pop();
    return left;
  }

  #later() {
    inFrame(() => {
      const began = performance.now();
      setTimeout(() => {
        this.#size = performance.now() - began > FRAME_MS ? SLICE : Math.min(1.3 * this.#size, 4 * SLICE);
        this.#slice();
      });
    });
  }

  #built() {
    const busy = this.#building;
    this.log.setAttribute("aria-busy", busy);
    this.earlier.hidden = !this.chat.hasEarlier;
    this.earlier.style.visibility = busy ? "hidden" : ""; // its place is there from the first, so that nothing moves at the end
    this.#rest();
  }

  /**
   * Leave out of each layout what is not in sight, once a frame has shown it: it keeps the size that it had then. Without
   * a frame (a page that is not shown, a processor that has no time) it would have none.
   */
  #rest() {
    const parts = this.#parts.map(({ root }) => root.parentNode); // these still grow
    const shown = [...this.sections.values()].filter(({ node }) => !parts.includes(node));
    requestAnimationFrame(() => setTimeout(() => shown.forEach(({ node }) => node.classList.add("past"))));
  }

  /** Show the news of one reply. */
  changed(chat, replyId) {
    this.chat = chat;
    const reply = chat.replies[replyId];
    const turn = chat.turns.find((other) => other.id === reply.turnId);
    if (!this.sections.has(turn.clientMessageId || turn.id)) return; // it is built from what there is by then
    this.#mine(turn, chat);
    this.#offer(turn, chat);
    this.#answer(reply, turn, chat);
  }

  /** Show more text of one reply with the next frame, once for all that comes until then. */
  grew(chat, replyId) {
    this.chat = chat;
    const waits = this.#news.size > 0;
    this.#news.add(replyId);
    if (!waits) inFrame(() => this.#show());
  }

  #show() {
    const ids = [...this.#news].filter((id) => this.chat.replies[id]);
    this.#news.clear();
    for (const id of ids) this.changed(this.chat, id);
  }

  tick() {
    for (const answer of this.answers.values()) answer.tick();
  }

  answerText(replyId) {
    const answer = this.answers.get(replyId);
    return answer ? answer.body.innerText : "";
  }

  toEnd(over) {
    this.place.toEnd(over);
  }

  /** Bring an answer into view and the focus to it. */
  show(replyId) {
    this.#whole();
    document.getElementById(`reply-${replyId}`)?.focus({ preventScroll: true });
    this.reveal(replyId);
  }

  /** Bring an answer into view: the last one by following it, one further up where it stands. */
  reveal(replyId) {
    this.#whole();
    const node = document.getElementById(`reply-${replyId}`);
    if (node && !node.nextSibling && node.parentNode === this.list.lastElementChild) this.toEnd();
    else node?.scrollIntoView({ block: "nearest" });
  }

  #whole() {
    while (this.#building) this.#next(Infinity);
    this.#built();
  }

  /** Let something grow under a reply: who follows sees both or the reply's beginning, who reads above stays there. */
  growUnder(id, change) {
    this.place.look();
    const { follows } = this.place;
    const { scrollTop } = this.log;
    if (!change()) return;
    if (follows) this.place.from(document.getElementById(`reply-${id}`));
    else this.place.stay(scrollTop);
  }

  /** Show an answer that came whole from its beginning, with its question where both fit. */
  settle(id) {
    const node = document.getElementById(`reply-${id}`);
    if (!this.place.follows || !node) return;
    const turn = node.parentNode;
    this.place.from(turn.offsetHeight - node.offsetHeight < this.log.clientHeight / 2 ? turn : node);
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

  /** Build a section with so many `letters` of each answer, or bring it to the chat; it stands above the one whose key is `newer`. */
  #section(item, newer, letters) {
    const { chat } = this;
    let section = this.sections.get(item.key);
    if (!section) {
      section = this.#newSection(item);
      this.sections.set(item.key, section);
    }
    const below = this.sections.get(newer)?.node ?? null;
    if (section.node.parentNode !== this.list || section.node.nextSibling !== below) this.list.insertBefore(section.node, below);
    if (item.message) return;
    const shows = this.#whatShows(item, chat);
    if (section.shows && shows.length === section.shows.length && shows.every((part, at) => part === section.shows[at])) return;
    section.shows = shows;
    this.#mine(item, chat);
    if (item.id) this.#offer(item, chat);
    for (const id of item.replyIds) this.#answer(chat.replies[id], item, chat, letters);
  }

  /** All that a section is made from: while none of it changes, nothing in it is touched or even asked. */
  #whatShows(item, chat) {
    const replies = item.replyIds.map((id) => chat.replies[id]);
    const last = Boolean(item.id) && this.#isLast(item.id, chat);
    const busy = replies.some(isRunning) ? chat : null; // whether one waits depends on those before it
    return [item.createdAt, item.waiting, item.says, chat.choices[item.id], chat.climbs.join(), this.line, last, this.context.busy, busy, ...replies];
  }

  #newSection(item) {
    if (item.message) return { node: this.#messageNode(item.message) };
    const mine = new Mine(item, this.context.actions);
    return { mine, node: el("section", { class: "turn" }, mine.node) };
  }

  /** A message, a receipt below what the visitor wrote to the team in the form. */
  #messageNode(message) {
    const { text } = message.request ?? {};
    if (!text) return noteOf(message);
    const mine = new Mine({ text }, this.context.actions);
    mine.update({ text, createdAt: message.createdAt }, this.line);
    mine.state.textContent = t("To the team");
    return el("section", { class: "turn" }, mine.node, noteOf(message));
  }

  /** The visitor's own message, with what becomes of it while it has no answer. */
  #mine(item, chat) {
    const reply = item.replyIds.length === 1 ? chat.replies[item.replyIds[0]] : null;
    const idle = reply && (isWaiting(chat, reply) || isTakenBack(reply)) ? reply : null;
    this.sections.get(item.clientMessageId || item.id || item.key).mine.update({ ...item, reply: idle }, this.line);
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

  #answer(reply, turn, chat, letters) {
    let answer = this.answers.get(reply.id);
    if (!answer) {
      answer = new Answer(reply, this.context);
      this.answers.set(reply.id, answer);
      this.sections.get(turn.clientMessageId || turn.id).node.append(answer.root);
    }
    const latest = turn.replyIds.at(-1) === reply.id;
    // Stopped by a choice before its first word: nothing was said, so nothing stands there. Nor where nothing was done.
    const silent = !reply.text && (isRunning(reply) || reply.state === "cancelled") && isSuperseded(chat, reply);
    answer.root.hidden = silent || isWaiting(chat, reply) || isTakenBack(reply);
    const climbs = chat.climbs.includes(reply.route);
    answer.update(reply, { latest, climbs, line: this.line, end: this.#isLast(reply.turnId, chat), form: this.context.busy, letters });
    if (letters === 0 && answer.ahead?.hasChildNodes()) this.#parts.push(answer);
  }
}

/** Act in the next frame, or a little later where there is none because the page is not shown; then once more in the next. */
function inFrame(act) {
  const timer = setTimeout(act, SOON_MS);
  requestAnimationFrame(() => {
    clearTimeout(timer);
    act();
  });
}
