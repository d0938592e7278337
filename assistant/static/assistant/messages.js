// What people and the desk itself say in a conversation, each message with its place between the turns. Pure.

/** An id of this page for a message or a request: the desk stores each once, however often it is sent. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A `message` frame, or one of `opened.messages`, as the page keeps it. */
export function messageOf(frame, afterTurn = null) {
  return {
    id: frame.message_id,
    author: frame.author,
    text: frame.text ?? "",
    html: frame.html ?? "",
    lang: frame.lang ?? "",
    createdAt: frame.created_at ?? null,
    afterTurn: frame.after_turn ?? afterTurn,
    request: frame.request ?? null,
  };
}

/** Put a message that has just come behind all turns there are; one that is known already changes nothing. */
export function withMessage(chat, frame) {
  const known = chat.messages.some((message) => message.id === frame.message_id);
  const message = messageOf(frame, chat.turns.at(-1)?.id ?? null);
  const next = known ? chat : { ...chat, messages: [...chat.messages, message] };
  return { chat: next, effects: [{ kind: "message", message, fresh: !known }] };
}

/** Turns and messages in the order in which they are read; what belongs to older turns waits for these. */
export function inOrder(chat) {
  const known = new Set(chat.turns.map((turn) => turn.id));
  const first = chat.messages.filter((message) => message.afterTurn === null && !chat.hasEarlier);
  const behind = grouped(chat.messages);
  const items = first.map((message) => ({ message }));
  for (const turn of chat.turns) {
    items.push({ turn });
    for (const message of behind.get(turn.id) ?? []) items.push({ message });
  }
  // A turn that this page does not know and cannot load: better at the end than not at all.
  const lost = chat.messages.filter((message) => message.afterTurn !== null && !known.has(message.afterTurn));
  return chat.hasEarlier ? items : [...items, ...lost.map((message) => ({ message }))];
}

function grouped(messages) {
  const groups = new Map();
  for (const message of messages) groups.set(message.afterTurn, [...(groups.get(message.afterTurn) ?? []), message]);
  return groups;
}
