// Joins the parts: frames go into the log, the log goes onto the page, the visitor's acts go out as verbs.

import { Announcer } from "./announce.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { placeIcons } from "./dom.js";
import { Handoff } from "./handoff.js";
import { apply, changeOutbox, choose, compose, dropFromOutbox, emptyChat, isRunning, isSuperseded, note, pendingChoices, resumeOf, runningReply } from "./log.js";
import { questionFor, reasonOf } from "./messages.js";
import { setUpEnding, setUpMenu } from "./menu.js";
import { offerWords } from "./offer.js";
import { Connection } from "./socket.js";
import * as storage from "./storage.js";
import { Transcript } from "./transcript.js";

const OPEN_AGAIN_MS = 3000; // the database may be back by then
const RESUME_AGAIN_MS = 3000; // a resume without an answer is repeated

const root = document.querySelector("#desk");
const byId = (id) => document.getElementById(id);

if (root.dataset.ended !== undefined) {
  storage.forgetEverything();
  window.history.replaceState(null, "", "/");
}

let chat = { ...emptyChat(), conversationId: storage.conversation() };
for (const entry of storage.outbox()) chat = compose(chat, entry);
let opened = false;
let line = "connecting";
let stoppingId = null;
const held = []; // verbs that wait for the connection
const announcer = new Announcer(byId("announce"));

const actions = {
  ask,
  person: (reply = null) => handoff.open({ reason: reasonOf(reply), replyId: reply?.id, text: questionFor(chat, reply?.id) }),
  stop,
  retry: (reply) => again(reply, "retry"),
  carryOn: (reply) => again(reply, "continue"),
  escalate: (reply, reason) => again(reply, "escalate", { reason }),
  choose(turnId, entryId) {
    set(choose(chat, turnId, entryId));
    transcript.toEnd();
    if (opened) connection.send(choice(turnId, entryId)); // else it goes out when the conversation is open again
  },
  show: (replyId) => transcript.show(replyId),
  rate(reply, rating, reason = "") {
    // A thumb down on an approved answer makes the desk look again by itself.
    const asked = reply.asked || (rating === "down" && reply.route === "faq");
    const choosing = rating === "down" && !reason;
    set(note(chat, reply.id, { rating, reason, choosing, asked, problem: null }), reply.id);
    verb({ type: "feedback", reply_id: reply.id, rating, ...(reason ? { reason } : {}) });
  },
  resolve(reply) {
    set(note(chat, reply.id, { resolved: true }), reply.id);
    verb({ type: "resolve", solved: true, reply_id: reply.id });
  },
  unsolved(reply) {
    set(note(chat, reply.id, { resolved: false }), reply.id);
    verb({ type: "resolve", solved: false, reply_id: reply.id });
    actions.person(reply);
  },
  resend(id) {
    set(changeOutbox(chat, id, { problem: null, sent: false }));
    flush();
  },
  edit(id) {
    const entry = chat.outbox.find((other) => other.id === id);
    set(dropFromOutbox(chat, id));
    composer.put(entry.text);
  },
};

const desk = new Desk(root, { onAsk: ask });
const transcript = new Transcript(
  { log: byId("transcript"), list: byId("turns"), earlier: byId("earlier"), welcome: byId("welcome"), pill: byId("new-text") },
  { actions, now: () => performance.now(), get name() { return desk.name; }, get busy() { return handoff?.isOpen; } },
);
const handoff = new Handoff(byId("handoff"), {
  send: (frame) => opened && connection.send(frame),
  shown() {
    transcript.sync(chat, line);
    transcript.toEnd();
  },
  changed: () => transcript.sync(chat, line),
});
const composer = new Composer(byId("composer"), { onSend: ask, onStop: () => stop(runningReply(chat)) });
const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(`${scheme}//${window.location.host}${root.dataset.socket}`, {
  up: open,
  frame: receive,
  state(name, detail) {
    if (name !== "online") opened = false;
    line = name;
    desk.line(name, detail);
    transcript.sync(chat, line);
  },
}, { url: root.dataset.events, blockedAt: storage.blockedAt, remember: storage.rememberBlocked });

/** Take over a new chat: store what must survive a refresh, then show all of it, or one reply. */
function set(next, replyId = null) {
  if (next.outbox !== chat.outbox) storage.rememberOutbox(next.outbox);
  chat = next;
  if (replyId) transcript.changed(chat, replyId);
  else transcript.sync(chat, line);
  const running = runningReply(chat);
  composer.setRunning(running !== null, running !== null && running.id === stoppingId);
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function ask(text) {
  set(compose(chat, { id: newId(), text, at: new Date().toISOString() }));
  transcript.toEnd();
  flush();
}

function flush() {
  if (!opened) return;
  for (const entry of chat.outbox) {
    if (entry.sent || entry.problem) continue;
    if (!connection.send({ type: "send", client_message_id: entry.id, text: entry.text })) return;
    chat = changeOutbox(chat, entry.id, { sent: true });
  }
}

/** Send a verb now, or as soon as the conversation is open again. */
function verb(frame) {
  if (!opened || !connection.send(frame)) held.push(frame);
}

function choice(turnId, entryId) {
  return { type: "choose", turn_id: turnId, entry_id: entryId };
}

function again(reply, type, more = {}) {
  set(note(chat, reply.id, { asked: true, problem: null }), reply.id);
  verb({ type, reply_id: reply.id, ...more });
  transcript.toEnd();
}

function stop(reply) {
  if (!isRunning(reply)) return;
  stoppingId = reply.id;
  composer.setRunning(true, true);
  verb({ type: "stop", reply_id: reply.id });
}

function open() {
  const after = {};
  for (const reply of Object.values(chat.replies)) after[reply.id] = reply.seq;
  connection.send({ type: "open", conversation_id: chat.conversationId, after });
}

function resume(reply) {
  const { epoch, after } = resumeOf(reply);
  connection.send({ type: "resume", reply_id: reply.id, epoch, after });
  setTimeout(() => {
    const now = chat.replies[reply.id];
    if (opened && isRunning(now) && now.awaiting) resume(now);
  }, RESUME_AGAIN_MS);
}

function receive(frame) {
  if (frame.type === "error" && !opened && frame.code === "not_found") {
    startAnew();
    return;
  }
  if (frame.type === "error" && !opened) setTimeout(() => opened || open(), OPEN_AGAIN_MS);
  const before = chat.replies[frame.reply_id];
  const { chat: next, effects } = apply(chat, frame);
  for (const effect of effects) if (REACTIONS[effect.kind]) REACTIONS[effect.kind](next, effect, frame);
  if (effects.length === 0) chat = next;
  const after = chat.replies[frame.reply_id];
  if (before && !before.offer.length && after?.offer.length && isRunning(after)) announcer.say(offerWords(after.offer));
  if (isRunning(before) && after && !isRunning(after)) ended(after);
}

const REACTIONS = {
  opened(next, effect, frame) {
    opened = true;
    const first = transcript.expecting;
    transcript.expecting = false;
    storage.rememberConversation(frame.conversation_id);
    composer.restore(frame.conversation_id);
    if (frame.limits?.text) composer.setLimit(frame.limits.text);
    desk.opened(frame);
    handoff.facts(frame.person);
    desk.state(next.state);
    set(next);
    handoff.opened(next.messages);
    if (first) transcript.toEnd();
    flush();
    for (const waiting of held.splice(0)) connection.send(waiting);
    for (const [turnId, entryId] of pendingChoices(chat)) connection.send(choice(turnId, entryId));
    // A Stop that went into a dead line is said again; the desk takes it twice without harm.
    if (isRunning(chat.replies[stoppingId])) connection.send({ type: "stop", reply_id: stoppingId });
    if (runningReply(chat)) announcer.answering();
    else announcer.quiet();
  },
  turns(next, effect) {
    const now = new Date().toISOString();
    const { createdAt } = next.replies[effect.replyId];
    set(note(next, effect.replyId, { createdAt: createdAt ?? now }));
    if (effect.fresh) announcer.answering();
  },
  reply(next, effect) {
    // An error that belongs to a reply means that nothing new is on its way: its buttons come back.
    const { problem } = next.replies[effect.replyId];
    set(problem ? note(next, effect.replyId, { asked: false }) : next, effect.replyId);
  },
  quiet(next, effect) {
    if (effect.replyId === stoppingId) stoppingId = null;
    const hadFocus = document.getElementById(`reply-${effect.replyId}`)?.contains(document.activeElement);
    set(next);
    if (hadFocus) transcript.show(effect.above);
    announcer.answered("");
    if (runningReply(chat)) announcer.answering();
  },
  resume(next, effect) {
    set(next, effect.replyId);
    resume(next.replies[effect.replyId]);
  },
  message(next, effect) {
    const receipt = handoff.received(effect.message);
    set(next);
    if (!effect.fresh) return;
    announcer.say(`${effect.message.author === "staff" ? "Support team" : "Notice"}: ${effect.message.text}`);
    if (!receipt) return;
    transcript.toEnd();
    byId(`message-${effect.message.id}`).focus({ preventScroll: true });
  },
  conversation(next) {
    set(next);
    desk.state(next.state);
  },
  refused: (next, effect) => handoff.refused(effect.problem, effect.requestId),
  outbox: (next) => set(next),
  choice: (next) => set(next),
  history: (next) => transcript.keepPlace(() => set(next)),
  error: (next, effect) => composer.say(effect.problem.message),
};

function ended(reply) {
  if (reply.id === stoppingId) stoppingId = null;
  set(chat);
  // What a choice has stopped is no news: the chosen answer has just been read out.
  if (reply.state === "cancelled" && isSuperseded(chat, reply)) announcer.quiet();
  else announcer.answered(`${desk.name}: ${transcript.answerText(reply.id)} ${reply.notice}`);
  // The words of such a reply point at the form below it; the focus stays where it is. "button" offers no more than that.
  if (reply.offersPerson && reply.personReason !== "button") {
    const asked = { reason: reasonOf(reply), replyId: reply.id, text: questionFor(chat, reply.id) };
    transcript.growUnder(reply.id, () => handoff.offer(asked));
  } else if (reply.state === "completed") handoff.withdraw();
  const running = runningReply(chat);
  if (running && !isSuperseded(chat, running)) announcer.answering();
}

function startAnew() {
  storage.rememberConversation(null);
  chat = { ...emptyChat(), outbox: chat.outbox };
  held.length = 0;
  opened = false;
  handoff.close();
  composer.restore(null);
  transcript.expecting = false;
  set(chat);
  open();
}

placeIcons(document);
handoff.restore();
setUpMenu(byId("menu-button"), byId("menu"));
const leave = () => {
  storage.forgetEverything();
  connection.stop();
  chat = emptyChat();
  transcript.sync(chat, line);
};
setUpEnding(byId("end-chat"), byId("ending"), leave);
setUpEnding(byId("delete-data"), byId("deleting"), leave);
byId("earlier").addEventListener("click", () => {
  connection.send({ type: "history", before: chat.turns[0].id });
});
byId("new-conversation").addEventListener("click", () => {
  chat = { ...chat, outbox: [] };
  storage.rememberOutbox([]);
  startAnew();
  composer.text.focus();
});
for (const node of document.querySelectorAll("[data-person]")) {
  if (node.tagName === "BUTTON") node.addEventListener("click", () => actions.person());
}
storage.whenForgotten(() => {
  connection.stop();
  chat = emptyChat();
  transcript.sync(chat, line);
});
setInterval(() => transcript.tick(), 500);
transcript.expecting = chat.conversationId !== null;
set(chat);
connection.start();
