// What this page knows of the conversation, and how each server frame changes it.
// Pure: no DOM, no clock, no socket. `apply` returns a new chat and what has to be done about it.

import { messageOf, withMessage } from "./messages.js";

export const TERMINAL = new Set(["completed", "truncated", "failed", "cancelled", "refused"]);

const PAGE = 30; // turns that the server sends at once

export function emptyChat() {
  return { conversationId: null, turns: [], replies: {}, messages: [], outbox: [], choices: {}, climbs: [], hasEarlier: false, state: "open" };
}

export function isRunning(reply) {
  return Boolean(reply) && !TERMINAL.has(reply.state);
}

/** The reply that Stop means: the one that streams, else the one that waits longest. */
export function runningReply(chat) {
  const running = allReplies(chat).filter(isRunning);
  return running.find((reply) => reply.text) ?? running[0] ?? null;
}

/** Whether a message waits behind one that is being answered: nothing is done for it yet. */
export function isWaiting(chat, reply) {
  if (!isRunning(reply) || reply.state !== "queued" || reply.cause !== "first") return false;
  const replies = allReplies(chat);
  return replies.slice(0, replies.indexOf(reply)).some(isRunning);
}

/** Whether its visitor took a message back before anything was done for it. */
export function isTakenBack(reply) {
  return reply.state === "cancelled" && !reply.route && !reply.text;
}

export function allReplies(chat) {
  return chat.turns.flatMap((turn) => turn.replyIds.map((id) => chat.replies[id]));
}

/** What stands as "did you mean" under a message: the entries, and the answers that were chosen of them. */
export function offerOf(chat, turn) {
  const replies = turn.replyIds.map((id) => chat.replies[id]);
  const entries = replies.find((reply) => reply.offer.length)?.offer ?? [];
  const answers = Object.fromEntries(replies.filter((reply) => reply.chosen).map((reply) => [reply.chosen, reply.id]));
  return { entries, answers, pending: "", problem: null, withdrawn: [], ...chat.choices[turn.id] };
}

/** Whether the visitor has chosen an approved answer after this reply had begun, which ends it. */
export function isSuperseded(chat, reply) {
  const ids = chat.turns.find((turn) => turn.id === reply.turnId)?.replyIds ?? [];
  return !reply.chosen && ids.slice(ids.indexOf(reply.id) + 1).some((id) => chat.replies[id].cause === "choice");
}

/** Note that the visitor has pressed one of the offered questions. */
export function choose(chat, turnId, entryId) {
  return withChoice(chat, turnId, { pending: entryId, problem: null });
}

/** The choices that the desk has not answered yet, as [turn, entry]. */
export function pendingChoices(chat) {
  return Object.entries(chat.choices).filter(([, choice]) => choice.pending).map(([turnId, choice]) => [turnId, choice.pending]);
}

function withChoice(chat, turnId, change) {
  return { ...chat, choices: { ...chat.choices, [turnId]: { withdrawn: [], ...chat.choices[turnId], ...change } } };
}

function settledChoices(chat) {
  let next = chat;
  for (const [turnId, entryId] of pendingChoices(chat)) {
    const turn = chat.turns.find((other) => other.id === turnId);
    if (!turn || turn.replyIds.some((id) => chat.replies[id].chosen === entryId)) next = withChoice(next, turnId, { pending: "" });
  }
  return next;
}

/** Put a message that the visitor has just sent into the outbox, where it stays until its ack. */
export function compose(chat, message) {
  const entry = { id: message.id, text: message.text, at: message.at, sent: false, tried: Boolean(message.tried), problem: null };
  return { ...chat, outbox: [...chat.outbox.filter((other) => other.id !== message.id), entry] };
}

export function changeOutbox(chat, id, change) {
  const outbox = chat.outbox.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
  return { ...chat, outbox };
}

export function dropFromOutbox(chat, id) {
  return { ...chat, outbox: chat.outbox.filter((entry) => entry.id !== id) };
}

/** The UTF-16 index that lies `points` code points behind `index`. */
export function advance(text, index, points) {
  const rest = text.slice(index);
  return index + (/[\ud800-\udbff]/.test(rest) ? [...rest].slice(0, points).join("") : rest.slice(0, points)).length;
}

/** The text behind the finished blocks: what the page shows as plain text. */
export function openText(reply) {
  return reply.text.slice(reply.cut);
}

/** The open text as it is read: before and behind the point where it was interrupted, without space at its edges. */
export function openParts(reply) {
  const text = openText(reply);
  const seam = reply.seam === null || reply.seam < reply.cut ? text.length : reply.seam - reply.cut;
  return [text.slice(0, seam).replace(/^(\n+| (?! ))/, ""), text.slice(seam).replace(/^\s+/, "")];
}

const WORD = /\w/;

/** Plain text without the marks of bold type; what stands in code or between two words (2**8) is no such mark. */
export function withoutMarks(text) {
  if (/^(```|~~~)/.test(text)) return text;
  return text.replace(/(`+)[^]*?(?:\1|$)|\*\*|\*$/g, (found, ticks, at) => {
    const [before, behind] = [text[at - 1] ?? "", text[at + found.length] ?? ""];
    return ticks || (WORD.test(before) && WORD.test(behind)) || (before === " " && behind === " ") ? found : "";
  });
}

const VERBS = {
  opened: applyOpened,
  history: applyHistory,
  ack: applyAck,
  turn: applyTurn,
  status: numbered((reply, frame) => ({
    stage: frame.stage,
    status: frame.label ?? "",
    offer: frame.did_you_mean ?? reply.offer,
    seam: frame.stage === "continuing" && reply.text ? reply.text.length : reply.seam,
  })),
  delta: numbered((reply, frame) => ({ text: reply.text + frame.text, stage: "text" })),
  block: numbered((reply, frame) => ({
    blocks: [...reply.blocks, frame.html],
    cut: advance(reply.text, reply.cut, frame.upto - reply.upto),
    upto: frame.upto,
  })),
  snapshot: applySnapshot,
  done: applyDone,
  alive: applyAlive,
  message: withMessage,
  conversation: (chat, frame) => ({ chat: { ...chat, state: frame.state }, effects: [{ kind: "conversation" }] }),
  error: applyError,
};

/** Return {chat, effects}; effects are {kind: "opened" | "turns" | "reply" | "quiet" | "resume" | "error", ...}. */
export function apply(chat, frame) {
  const verb = VERBS[frame.type];
  return verb ? verb(chat, frame) : { chat, effects: [] };
}

function freshReply(frame, turnId) {
  return {
    id: frame.reply_id,
    turnId,
    epoch: frame.epoch ?? 0,
    seq: frame.seq ?? 0,
    state: frame.state ?? "queued",
    text: frame.text ?? "",
    blocks: frame.html ? [frame.html] : [],
    upto: frame.upto ?? 0,
    cut: advance(frame.text ?? "", 0, frame.upto ?? 0),
    html: "",
    stage: frame.text ? "text" : frame.state === "streaming" ? "waiting" : "queued",
    status: "",
    awaiting: false,
    problem: null,
    cause: frame.cause ?? "first",
    rating: frame.rating ?? null,
    reason: frame.rating_reason ?? "",
    resolved: frame.resolved ?? null,
    offer: frame.did_you_mean ?? [],
    chosen: frame.chosen ?? "",
    choosing: false, // whether the visitor is being asked what was wrong with it
    tried: null, // the verb that asked for another answer, to be said again when the desk would not have it
    seam: frame.seam ? advance(frame.text ?? "", 0, frame.seam) : null, // where in the text it was interrupted
    createdAt: frame.created_at ?? null,
    ...ending(frame),
  };
}

function ending(frame) {
  return {
    endedBy: frame.ended_by ?? "",
    route: frame.route ?? "",
    tier: frame.tier ?? "",
    label: frame.label ?? "",
    stored: frame.stored ?? null, // when and by which model it was written, if it was not written now
    lang: frame.lang ?? "",
    sources: frame.sources ?? [],
    suggestions: frame.suggestions ?? [],
    suggestionsLang: frame.suggestions_lang ?? "",
    retryable: frame.retryable ?? false,
    continuable: frame.continuable ?? false,
    notice: frame.notice ?? "",
    actions: frame.feedback_actions ?? [],
    offersPerson: frame.offer_person ?? false,
    personReason: frame.person_reason ?? "",
  };
}

function restoredReply(frame, turnId, known) {
  const leftOut = frame.text === undefined || frame.text === null;
  const reply = freshReply(frame, turnId);
  // Another process may know less of a running answer than the page shows: nothing is taken back.
  const behind = isRunning(reply) && reply.seq < known?.seq;
  if ((leftOut || behind) && known && known.epoch === reply.epoch) {
    const { seq, text, blocks, upto, cut } = known;
    Object.assign(reply, { text, blocks, upto, cut, seq: isRunning(reply) ? seq : reply.seq });
  }
  if (known?.epoch === reply.epoch) reply.seam = known.seam ?? reply.seam;
  reply.choosing = Boolean(known?.choosing) && reply.rating === "down";
  if (!isRunning(reply)) reply.html = frame.html || known?.html || "";
  return reply;
}

function restored(frame, known) {
  const turns = [];
  const replies = {};
  for (const item of frame.turns ?? []) {
    for (const reply of item.replies ?? []) {
      replies[reply.reply_id] = restoredReply(reply, item.turn_id, known[reply.reply_id]);
    }
    turns.push({
      id: item.turn_id,
      clientMessageId: item.client_message_id ?? "",
      text: item.text,
      createdAt: item.created_at ?? null,
      replyIds: (item.replies ?? []).map((reply) => reply.reply_id),
    });
  }
  return { turns, replies, hasEarlier: turns.length >= PAGE };
}

function applyOpened(chat, frame) {
  const now = restored(frame, chat.replies);
  const stored = new Set(now.turns.map((turn) => turn.clientMessageId));
  const outbox = chat.outbox
    .filter((entry) => !stored.has(entry.id))
    .map((entry) => ({ ...entry, sent: false }));
  const messages = (frame.messages ?? []).map((item) => messageOf(item));
  const facts = { conversationId: frame.conversation_id, climbs: frame.climbs ?? [], state: frame.state ?? "open" };
  const next = { ...chat, ...now, messages, ...facts, outbox };
  return { chat: settledChoices(next), effects: [{ kind: "opened" }] };
}

/** Put older turns before what is there. */
function applyHistory(chat, frame) {
  const old = restored(frame, {});
  const known = new Set(chat.turns.map((turn) => turn.id));
  const turns = [...old.turns.filter((turn) => !known.has(turn.id)), ...chat.turns];
  const next = { ...chat, turns, replies: { ...old.replies, ...chat.replies }, hasEarlier: old.hasEarlier };
  return { chat: next, effects: [{ kind: "history" }] };
}

function withReply(chat, turnId, frame) {
  if (chat.replies[frame.reply_id]) return chat;
  const reply = freshReply({ ...frame, text: "", state: "queued", seq: 0 }, turnId);
  const turns = chat.turns.map((turn) =>
    turn.id === turnId ? { ...turn, replyIds: [...turn.replyIds, reply.id] } : turn,
  );
  return { ...chat, turns, replies: { ...chat.replies, [reply.id]: reply } };
}

function withTurn(chat, frame, text, createdAt) {
  if (chat.turns.some((turn) => turn.id === frame.turn_id)) return chat;
  const turn = {
    id: frame.turn_id,
    clientMessageId: frame.client_message_id ?? "",
    text,
    createdAt,
    replyIds: [],
  };
  return { ...chat, turns: [...chat.turns, turn] };
}

function applyAck(chat, frame) {
  const sent = chat.outbox.find((entry) => entry.id === frame.client_message_id);
  let next = chat;
  if (sent) next = withTurn(dropFromOutbox(chat, sent.id), frame, sent.text, sent.at);
  if (!next.turns.some((turn) => turn.id === frame.turn_id)) return { chat: next, effects: [] };
  const known = Boolean(next.replies[frame.reply_id]);
  next = withReply(next, frame.turn_id, frame);
  const effects = [{ kind: "turns", turnId: frame.turn_id, replyId: frame.reply_id, fresh: !known, own: true }];
  return { chat: settledChoices(next), effects };
}

function applyTurn(chat, frame) {
  const waiting = chat.outbox.find((entry) => entry.id === frame.client_message_id);
  let next = waiting ? dropFromOutbox(chat, waiting.id) : chat;
  const known = Boolean(next.replies[frame.reply_id]);
  next = withTurn(next, frame, frame.text ?? "", frame.created_at ?? waiting?.at ?? null);
  next = withReply(next, frame.turn_id, frame);
  const effects = [{ kind: "turns", turnId: frame.turn_id, replyId: frame.reply_id, fresh: !known, own: false }];
  return { chat: settledChoices(next), effects };
}

function changed(chat, id, change) {
  const reply = { ...chat.replies[id], ...change };
  return { chat: { ...chat, replies: { ...chat.replies, [id]: reply } }, effects: [{ kind: "reply", replyId: id }] };
}

/** Ask for what is missing, once: until it comes, further frames out of order are dropped. */
function missing(chat, reply) {
  if (reply.awaiting) return { chat, effects: [] };
  const next = changed(chat, reply.id, { awaiting: true }).chat;
  return { chat: next, effects: [resumeOf(reply)] };
}

export function resumeOf(reply) {
  return { kind: "resume", replyId: reply.id, epoch: reply.epoch, after: reply.seq };
}

/** Wrap a change so that it applies to the next record only: older ones are ignored, gaps ask to resume. */
function numbered(change) {
  return (chat, frame) => {
    const reply = chat.replies[frame.reply_id];
    if (!reply || !isRunning(reply) || frame.seq <= reply.seq) return { chat, effects: [] };
    if ((frame.first ?? frame.seq) !== reply.seq + 1) return missing(chat, reply);
    const state = reply.state === "queued" && frame.stage !== "queued" ? "streaming" : reply.state;
    return changed(chat, reply.id, { ...change(reply, frame), state, seq: frame.seq, awaiting: false });
  };
}

function applySnapshot(chat, frame) {
  const reply = chat.replies[frame.reply_id];
  if (!reply || !isRunning(reply) || frame.epoch < reply.epoch) return { chat, effects: [] };
  return changed(chat, reply.id, {
    epoch: frame.epoch,
    seq: frame.seq,
    text: frame.text,
    offer: frame.did_you_mean ?? reply.offer,
    blocks: frame.html ? [frame.html] : [],
    upto: frame.upto,
    cut: advance(frame.text, 0, frame.upto),
    seam: frame.epoch === reply.epoch ? reply.seam : null,
    state: "streaming",
    stage: frame.text ? "text" : reply.stage,
    awaiting: false,
  });
}

function applyDone(chat, frame) {
  const reply = chat.replies[frame.reply_id];
  if (!reply || !isRunning(reply)) return { chat, effects: [] };
  if (frame.epoch < reply.epoch) return { chat, effects: [] };
  // A done that was rebuilt from the stored row may carry the seq this page has already.
  if (frame.epoch > reply.epoch || frame.seq > reply.seq + 1) return missing(chat, reply);
  if (frame.quiet) return withoutReply(chat, reply, frame);
  return changed(chat, reply.id, {
    ...ending(frame),
    state: frame.state,
    html: frame.html ?? "",
    seq: frame.seq,
    awaiting: false,
    problem: null,
  });
}

/** Take away a reply that nobody asked for and that brought nothing; its offer goes to the answer above it. */
function withoutReply(chat, reply, frame) {
  const { [reply.id]: gone, ...replies } = chat.replies;
  const turns = chat.turns.map((turn) =>
    turn.id === gone.turnId ? { ...turn, replyIds: turn.replyIds.filter((id) => id !== gone.id) } : turn,
  );
  const above = turns.find((turn) => turn.id === gone.turnId)?.replyIds.at(-1) ?? null;
  const { offersPerson, personReason } = ending(frame);
  const next = note({ ...chat, turns, replies }, above, { asked: false, ...(offersPerson ? { offersPerson, personReason } : {}) });
  return { chat: next, effects: [{ kind: "quiet", replyId: gone.id, above }] };
}

function applyAlive(chat, frame) {
  const reply = chat.replies[frame.reply_id];
  if (!isRunning(reply) || frame.seq === undefined || frame.seq <= reply.seq) return { chat, effects: [] };
  return missing(chat, reply);
}

function applyError(chat, frame) {
  const retryAfter = frame.retry_after ?? 0;
  const problem = { code: frame.code, message: frame.message, retryAfter, until: (frame.at ?? 0) + retryAfter * 1000 };
  if (frame.client_request_id) return { chat, effects: [{ kind: "refused", problem, requestId: frame.client_request_id }] };
  if (frame.turn_id && frame.entry_id) return refusedChoice(chat, frame, problem);
  if (frame.reply_id && chat.replies[frame.reply_id]) return changed(chat, frame.reply_id, { problem });
  const entry = frame.client_message_id
    ? chat.outbox.find((other) => other.id === frame.client_message_id)
    : chat.outbox.find((other) => other.sent && !other.problem);
  if (!entry) return { chat, effects: [{ kind: "error", problem }] };
  const next = changeOutbox(chat, entry.id, { problem, sent: false });
  return { chat: next, effects: [{ kind: "outbox", id: entry.id }] };
}

/** Say beside the buttons why a choice was not taken; an answer that is gone is offered no longer. */
function refusedChoice(chat, frame, problem) {
  const withdrawn = [...(chat.choices[frame.turn_id]?.withdrawn ?? [])];
  if (frame.code === "not_available") withdrawn.push(frame.entry_id);
  return { chat: withChoice(chat, frame.turn_id, { pending: "", problem, withdrawn }), effects: [{ kind: "choice" }] };
}

/** What the page itself knows of a reply (a thumb, a reason, "asked again"), put beside what the server said. */
export function note(chat, replyId, change) {
  return chat.replies[replyId] ? changed(chat, replyId, change).chat : chat;
}
