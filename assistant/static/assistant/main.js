// Joins the parts: frames go into the log, the log goes onto the page, the visitor's acts go out as verbs.

import { Announcer } from "./announce.js";
import { Asking } from "./asking.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { Part } from "./later.js";
import { choose, dropFromOutbox, emptyChat, runningReply } from "./log.js";
import { choice, feedback, Page, receive } from "./page.js";
import { Connection } from "./socket.js";
import * as storage from "./storage.js";
import { Thumb } from "./thumb.js";
import { Transcript } from "./transcript.js";
import { stamp, t } from "./words.js";

// Starting is several tasks and not a long one. To read nothing ends this task; a timer would wait in a tab that is not shown.
const pause = () => new Blob().text();
await pause();

const root = document.querySelector("#desk");
const byId = (id) => document.getElementById(id);
const inFrame = root.dataset.embed !== undefined; // of another site

if (root.dataset.ended !== undefined) {
  storage.forgetEverything();
  window.history.replaceState(null, "", inFrame ? window.location.href.replace(/(ended|deleted)=&?/, "") : "/");
}

const page = new Page(root);
const sendNow = (frame) => page.sendNow(frame);
page.announcer = new Announcer(byId("announce"));

page.embed = inFrame ? (await import("./embed.js")).embedOf(page) : null;

const actions = {
  ask: (text) => page.ask(text),
  person: (reply) => page.person(reply),
  stop: (reply) => page.stop(reply),
  again: (reply, type, more) => page.again(reply, type, more),
  stopAndAsk(reply) {
    page.askAgainId = reply.id;
    page.stop(reply);
  },
  choose(turnId, entryId) {
    page.set(choose(page.chat, turnId, entryId));
    page.transcript.toEnd();
    sendNow(choice(turnId, entryId)); // else it goes out when the conversation is open again
  },
  show: (replyId) => page.transcript.show(replyId),
  refresh: (replyId) => page.chat.replies[replyId] && page.transcript.changed(page.chat, replyId),
  rate(reply, rating, reason = "", comment = "") {
    const choosing = rating === "down" && !reason;
    page.note(reply.id, { rating, reason, choosing, problem: null });
    if (reason) page.announcer.say(t("Thank you. The team reads this."));
    if (choosing) page.thumb.hold(reply.id);
    else page.judge(reply.id, rating, reason, comment);
  },
  resolve(reply) {
    page.note(reply.id, { resolved: true });
    page.verb({ type: "resolve", solved: true, reply_id: reply.id });
    page.announcer.say(t("Good to hear."));
  },
  unsolved(reply) {
    page.note(reply.id, { resolved: false });
    page.verb({ type: "resolve", solved: false, reply_id: reply.id });
    actions.person(reply);
  },
  resend(code) {
    page.set({ ...page.chat, outbox: page.chat.outbox.map((entry) => (entry.problem?.code === code ? { ...entry, problem: null } : entry)) });
    page.flush();
  },
  edit(id) {
    const entry = page.chat.outbox.find((other) => other.id === id);
    page.set(dropFromOutbox(page.chat, id));
    page.composer.put(entry.text);
  },
  drop(id) {
    page.set(dropFromOutbox(page.chat, id));
    page.composer.text.focus();
  },
  editWaiting(reply, text) {
    page.stop(reply);
    page.composer.put(text);
  },
};

page.desk = new Desk(root, { onAsk: actions.ask });
page.transcript = new Transcript(
  { log: byId("transcript"), list: byId("turns"), earlier: byId("earlier"), welcome: byId("welcome"), pill: byId("new-text") },
  { actions, now: () => performance.now(), get name() { return page.desk.name; }, get busy() { return page.handoff?.isOpen; } },
);
page.handoff = new Asking(byId("handoff"), {
  send: sendNow,
  shown() {
    page.sync();
    page.transcript.toEnd(false);
  },
  changed: () => page.sync(),
  messages: () => (page.opened ? page.chat.messages : null),
});
page.composer = new Composer(byId("composer"), { onSend: actions.ask, onStop: () => page.stop(runningReply(page.chat)) });
page.thumb = new Thumb({
  send(replyId) {
    if (page.opened && page.chat.replies[replyId]) page.judge(replyId, "down");
    return page.opened;
  },
  leave: (replyId) => sendNow(feedback(replyId, "down")),
});
await pause();
const scheme = window.location.protocol === "https:" ? "wss:" : "ws:";
page.connection = new Connection(`${scheme}//${window.location.host}${root.dataset.socket}`, {
  up: () => page.open(),
  frame: (frame) => receive(page, frame),
  state(name, detail) {
    if (name === "online" && !page.opened) return; // a line on which the desk has not opened the conversation
    if (name !== "online") page.lost();
    page.showLine(name, detail);
    page.embed?.ended(detail);
    page.sync();
  },
}, { url: root.dataset.events, blockedAt: storage.blockedAt, remember: storage.rememberBlocked });

page.handoff.restore();
const forgotten = () => {
  page.connection.stop();
  page.aside = [];
  page.set(emptyChat());
  page.leaving("forgotten");
};
const menu = new Part(async () => (await import("./menu.js")).setUpMenu(page, forgotten));
const withMenu = (act) => menu.get().then(act, () => act && page.unfetched());
for (const near of ["pointerenter", "focus"]) byId("menu-button").addEventListener(near, () => withMenu());
byId("menu-button").addEventListener("click", () => withMenu((turn) => turn()));
document.addEventListener("tell", (event) => page.announcer.say(event.detail));
byId("earlier").addEventListener("click", () => import("./older.js").then((part) => part.ask(page), () => page.unfetched()));
for (const button of document.querySelectorAll("[data-person]")) button.addEventListener("click", () => actions.person());
storage.whenForgotten(forgotten);
setInterval(() => page.transcript.tick(), 500);
page.transcript.expecting = page.chat.conversationId !== null;
page.set(page.chat);
await pause();
page.connection.start();
byId("no-start").remove(); // else still.js shows it
// The first time of day that a browser writes takes it long (some 16 ms here, 0.5 ms each later kind): now, while the line comes up.
setTimeout(() => stamp(document.createElement("time"), new Date().toISOString()));
