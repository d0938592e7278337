// Older messages of the open conversation: asked for by its visitor, and kept when a new line brings the last ones again.

import { allReplies, isRunning } from "./log.js";
import { t } from "./words.js";

export function ask(page) {
  page.withOlder = withOlder;
  const [first] = page.chat.turns;
  if (first && !page.sendNow({ type: "history", before: first.id })) page.composer.say(t("There is no connection just now. Try again when it is back."));
}

/** Put the older turns of `chat` before those of `next`; where one of them is still being answered, all are fetched anew. */
function withOlder(next, chat) {
  const turns = chat.turns.slice(0, Math.max(0, chat.turns.findIndex(({ id }) => id === next.turns[0]?.id)));
  const replies = allReplies({ ...chat, turns });
  if (!turns.length || replies.some(isRunning)) return next;
  const older = Object.fromEntries(replies.map((reply) => [reply.id, reply]));
  return { ...next, turns: [...turns, ...next.turns], replies: { ...older, ...next.replies }, hasEarlier: chat.hasEarlier };
}
