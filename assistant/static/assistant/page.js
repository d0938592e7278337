// The chat as this page has it: what it shows, what waits to be sent, the verbs that go out, and what each frame of the
// desk changes.

import { Part, UNFETCHED } from "./later.js";
import { apply, changeOutbox, compose, emptyChat, isRunning, isSuperseded, isTakenBack, isWaiting, note, pendingChoices, resumeOf, runningReply } from "./log.js";
import { newId } from "./messages.js";
import { offerWords } from "./offer.js";
import * as storage from "./storage.js";
import { t } from "./words.js";

const AGAIN_MS = 3000; // a resume without an answer is repeated, and an opening: the database may be back by then
const OF_A_CONVERSATION = new Set(["turn", "ack", "message", "conversation", "history", "status", "delta", "block", "snapshot", "done"]);

/** Its parts (announcer, composer, connection, desk, embed, handoff, thumb, transcript) are put in by main.js; `own` comes with the menu. */
export class Page {
  chat = { ...emptyChat(), conversationId: storage.conversation() };
  aside = storage.outbox(); // messages of other conversations that wait for these to be open again
  turnedFrom = new Set(); // conversations that were left for others before the desk had opened them
  opened = false;
  identity = null; // what the page around has said of the visitor and the desk has not answered yet
  known = false; // whether the talk is that of a person whom the site vouches for
  line = "connecting";
  stoppingId = null;
  askAgainId = null; // the reply that is being stopped only to be asked for again
  held = []; // verbs that wait for the connection, each with its conversation
  reading = null; // takes the next frame with older turns, while the conversation is read for a file
  live = null; // the live chat with a person: fetched when there is one
  #liveView = null;
  #switching = new Part(() => import("./switching.js"));

  #livePart = new Part(async () => (await import("./live.js")).liveOf(this));

  constructor(root) {
    this.root = root;
    this.takeBack();
  }

  /** Leave the open conversation, in one of the ways of switching.js: its name, and what it is given. */
  leaving(way, ...given) {
    return this.#switching.get().then((part) => part[way](this, ...given));
  }

  /** The line is gone: whoever waits for an answer of the desk hears it. */
  lost() {
    this.opened = false;
    this.own?.line(false);
    this.reading?.(null);
  }

  /** A part that is fetched when it is wanted did not come. */
  unfetched() {
    this.composer.say(UNFETCHED);
  }

  showLine(name, detail = {}) {
    this.line = name;
    this.desk.line(name, detail);
  }

  sync() {
    this.transcript.sync(this.chat, this.line);
  }

  /** Take over a new chat: store what must survive a refresh, then show all of it, or one reply. */
  set(next, replyId = null) {
    if (next.outbox !== this.chat.outbox) this.keepOutbox(next);
    this.chat = next;
    if (replyId) this.transcript.changed(next, replyId);
    else this.sync();
    const running = runningReply(next);
    this.composer.setRunning(running !== null, running !== null && running.id === this.stoppingId);
  }

  /** Take over what this page itself knows of a reply. */
  note(replyId, change) {
    this.set(note(this.chat, replyId, change), replyId);
  }

  keepOutbox({ outbox, conversationId } = this.chat) {
    storage.rememberOutbox([...this.aside, ...outbox.map((entry) => ({ ...entry, in: conversationId }))]);
  }

  /** Have what waits for the open conversation in its outbox again. */
  takeBack() {
    const ours = (entry) => (entry.in ?? null) === this.chat.conversationId;
    for (const entry of this.aside.filter(ours)) this.chat = compose(this.chat, entry);
    this.aside = this.aside.filter((entry) => !ours(entry));
  }

  ask(text) {
    document.querySelector(".banner.calm")?.remove(); // that an earlier chat has ended is no news any more
    this.set(compose(this.chat, { id: newId(), text, at: new Date().toISOString() }));
    this.handoff.withdraw();
    this.transcript.toEnd(true);
    this.flush();
    this.thumb.go(); // who goes on has no more to say about it
  }

  flush() {
    if (!this.opened) return;
    for (const entry of this.chat.outbox) {
      if (entry.sent || entry.problem) continue;
      if (!this.connection.send({ type: "send", client_message_id: entry.id, text: entry.text })) break;
      this.chat = changeOutbox(this.chat, entry.id, { sent: true, tried: true });
    }
    this.keepOutbox();
  }

  /** Send what the visitor thinks of an answer. A thumb down on an approved one makes the desk look again by itself. */
  judge(replyId, rating, reason, comment) {
    this.thumb.forget(replyId);
    const { route, asked } = this.chat.replies[replyId];
    const looks = rating === "down" && route === "faq" && reason !== "tone";
    if (looks && !asked) this.note(replyId, { asked: true });
    this.verb(feedback(replyId, rating, reason, comment));
  }

  /** Show how the live chat stands, and whether somebody of the team is there; a frame may say neither. */
  showLive(frame) {
    if (frame.person_there === undefined) return;
    this.handoff.people(frame.person_there);
    this.#liveView = frame.live;
    if (["waiting", "with_staff"].includes(frame.live?.state)) this.handoff.served();
    if (frame.live || this.live) this.#livePart.get().then((part) => (this.live = part).show(this.#liveView), () => {}); // else with the next frame
  }

  /** Lead whoever wants a person to how that stands, once the part that shows it is there, or else to the form. */
  async person(reply) {
    if (this.#liveView) await this.#livePart.get().catch(() => {});
    this.live?.lead(this.handoff.there) || this.handoff.open({ chat: this.chat, reply });
  }

  /** Send what is of no use later; returns whether it went out. */
  sendNow(frame) {
    return this.opened && this.connection.send(frame);
  }

  /** Send a verb now, or as soon as the conversation is open again. */
  verb(frame) {
    if (!this.sendNow(frame)) this.held.push({ in: this.chat.conversationId, frame });
  }

  again(reply, type, more = {}) {
    this.handoff.withdraw(); // it would stand over the answer
    this.note(reply.id, { asked: true, problem: null, tried: { type, more } });
    this.verb({ type, reply_id: reply.id, ...more });
  }

  stop(reply) {
    if (!isRunning(reply)) return;
    if (!isWaiting(this.chat, reply)) {
      this.stoppingId = reply.id;
      this.composer.setRunning(true, true);
    }
    this.verb({ type: "stop", reply_id: reply.id });
  }

  open() {
    const { chat, embed } = this;
    const after = {};
    for (const reply of Object.values(chat.replies)) after[reply.id] = reply.seq;
    const { language } = this.root.dataset; // empty where the page speaks English for want of the visitor's own
    this.connection.send({ type: "open", conversation_id: chat.conversationId, after, ...(language ? { language } : {}), ...embed?.credentials });
  }

  resume(reply) {
    const { epoch, after } = resumeOf(reply);
    this.connection.send({ type: "resume", reply_id: reply.id, epoch, after });
    setTimeout(() => {
      const now = this.chat.replies[reply.id];
      if (this.opened && isRunning(now) && now.awaiting) this.resume(now);
    }, AGAIN_MS);
  }
}

export function feedback(replyId, rating, reason, comment) {
  return { type: "feedback", reply_id: replyId, rating, ...(reason && { reason }), ...(comment && { comment }) };
}

export function choice(turnId, entryId) {
  return { type: "choose", turn_id: turnId, entry_id: entryId };
}

/** Take a frame of the desk. */
export function receive(page, frame) {
  const { embed, live, opened } = page;
  if (page.own?.received(frame)) return;
  if (frame.type === "elsewhere") return import("./elsewhere.js").then((part) => part.show(page, frame), () => {}); // else with the next one
  const openAgain = () => setTimeout(() => page.opened || page.open(), AGAIN_MS);
  if (frame.type === "deleted") return page.leaving("gone", frame.conversation_id);
  if (frame.type === "identified") return page.leaving("identified", frame);
  if (frame.code === "identity_refused") {
    page.identity = null;
    return embed?.identified(false, frame.reason); // for whoever wrote that page, and nothing for visitors
  }
  if (frame.type === "opened" && page.turnedFrom.has(frame.conversation_id)) return;
  if (!opened && OF_A_CONVERSATION.has(frame.type)) return; // still of the one that was left
  if (frame.type === "history" && page.reading) return page.reading(frame);
  if (frame.type === "error" && !opened && frame.code === "not_found") return page.leaving("startAnew").catch(openAgain);
  if (frame.type === "error" && frame.request_id && live) return live.refused(frame);
  if (frame.type === "error" && !opened) openAgain();
  const before = page.chat.replies[frame.reply_id];
  const { chat: next, effects } = apply(page.chat, frame.retry_after ? { ...frame, at: Date.now() } : frame);
  for (const effect of effects) REACTIONS[effect.kind]?.(page, next, effect, frame);
  if (effects.length === 0) page.chat = next;
  const after = page.chat.replies[frame.reply_id];
  if (before && !before.offer.length && after?.offer.length && isRunning(after)) page.announcer.say(offerWords(after.offer));
  if (isRunning(before) && after && !isRunning(after)) ended(page, after);
}

const REACTIONS = {
  opened(page, next, effect, frame) {
    page.strip?.clear();
    const { announcer, composer, connection, desk, embed, handoff, transcript } = page;
    page.opened = true;
    page.turnedFrom.clear();
    const emptied = page.chat.turns.length > 0 && next.turns.length === 0;
    if (page.withOlder) next = page.withOlder(next, page.chat);
    page.showLine("online");
    if (transcript.expecting) transcript.place.follows = true;
    transcript.expecting = false;
    embed?.opened(frame);
    storage.rememberConversation(frame.conversation_id);
    composer.restore(frame.conversation_id);
    if (frame.limits?.text) composer.setLimit(frame.limits.text);
    desk.opened(frame);
    handoff.facts(frame.person);
    desk.state(next.state);
    page.set(next);
    handoff.opened(next.messages);
    page.showLive(frame);
    page.flush();
    for (const waiting of page.held.splice(0)) {
      if (waiting.in === frame.conversation_id) connection.send(waiting.frame);
      else page.held.push(waiting);
    }
    page.own?.line(true);
    if (emptied) composer.say(t("That conversation was deleted. This is a new one."));
    page.thumb.opened(); // of a page that was left before its reason came
    page.known = frame.verified === true;
    if (page.identity) connection.send(page.identity);
    for (const [turnId, entryId] of pendingChoices(page.chat)) connection.send(choice(turnId, entryId));
    // A Stop that went into a dead line is said again; the desk takes it twice without harm.
    if (isRunning(page.chat.replies[page.stoppingId])) connection.send({ type: "stop", reply_id: page.stoppingId });
    if (runningReply(page.chat)) announcer.answering();
    else announcer.quiet();
  },
  turns(page, next, effect) {
    const now = new Date().toISOString();
    const { createdAt } = next.replies[effect.replyId];
    page.set(note(next, effect.replyId, { createdAt: createdAt ?? now }));
    if (effect.fresh && effect.own && next.replies[effect.replyId].cause !== "first") page.transcript.reveal(effect.replyId);
    if (effect.fresh && next.state !== "with_staff") page.announcer.answering();
  },
  reply(page, next, effect, frame) {
    if (frame.type === "delta" || frame.type === "block") {
      page.chat = next;
      return page.transcript.grew(next, effect.replyId);
    }
    // An error that belongs to a reply means that nothing new is on its way: its buttons come back.
    const { problem } = next.replies[effect.replyId];
    page.set(problem ? note(next, effect.replyId, { asked: false }) : next, effect.replyId);
  },
  quiet(page, next, effect) {
    if (effect.replyId === page.stoppingId) page.stoppingId = null;
    const hadFocus = document.getElementById(`reply-${effect.replyId}`)?.contains(document.activeElement);
    page.set(next);
    if (hadFocus) page.transcript.show(effect.above);
    page.announcer.answered("");
    if (runningReply(page.chat)) page.announcer.answering();
  },
  resume(page, next, effect) {
    page.set(next, effect.replyId);
    page.resume(next.replies[effect.replyId]);
  },
  message(page, next, { message, fresh }) {
    const receipt = page.handoff.received(message);
    page.set(next);
    if (!fresh) return;
    if (message.author === "staff") page.embed?.news();
    page.announcer.say(`${message.author === "staff" ? t("Support team") : t("Notice")}: ${message.text}`);
    if (!receipt) return;
    page.transcript.toEnd();
    document.getElementById(`message-${message.id}`)?.focus({ preventScroll: true });
  },
  conversation(page, next, effect, frame) {
    page.set(next);
    if (!page.live) page.desk.state(next.state);
    page.showLive(frame);
  },
  refused: (page, next, effect) => page.handoff.refused(effect.problem, effect.requestId),
  outbox: (page, next) => page.set(next),
  choice: (page, next) => page.set(next),
  history: (page, next) => page.set(next),
  error: (page, next, effect) => page.composer.say(effect.problem.message),
};

function ended(page, reply) {
  const { announcer, chat, desk, handoff, transcript } = page;
  const askAgain = reply.id === page.askAgainId && reply.state === "cancelled" && reply.retryable;
  if (reply.id === page.stoppingId) page.stoppingId = null;
  if (reply.id === page.askAgainId) page.askAgainId = null;
  page.set(chat);
  page.embed?.news();
  if (reply.tier === "none" && !reply.offersPerson) transcript.settle(reply.id); // it came whole
  // What a choice has stopped is no news: the chosen answer has just been read out.
  if (reply.state === "cancelled" && isSuperseded(chat, reply)) announcer.quiet();
  else if (isTakenBack(reply)) announcer.say(t("Taken back."));
  else announcer.answered(() => `${desk.name}: ${transcript.answerText(reply.id)} ${reply.notice}`);
  // The words of such a reply point at the form below it; the focus stays where it is. "button" offers no more than that.
  if (reply.offersPerson && reply.personReason !== "button" && !page.live?.isRunning) {
    handoff.offer({ chat, reply }, (show) => transcript.growUnder(reply.id, show));
  } else if (reply.state === "completed") handoff.withdraw();
  if (askAgain) page.again(reply, "retry");
  const running = runningReply(page.chat);
  if (running && !isSuperseded(page.chat, running)) announcer.answering();
}
