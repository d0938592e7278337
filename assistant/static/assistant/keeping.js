// A conversation as a file to keep: Markdown, which is readable as it is.

import { el } from "./dom.js";
import { apply, isRunning } from "./log.js";
import { inOrder } from "./messages.js";
import { moment, t } from "./words.js";

const TITLE = 80; // characters of the first question

/** All of a conversation; `earlier(turnId)` asks the desk for what is before a turn and promises its frame. */
async function whole(chat, earlier) {
  let all = chat;
  while (all.hasEarlier) all = apply(all, await earlier(all.turns[0].id)).chat;
  return all;
}

function part(author, at, ...texts) {
  const head = at ? `${author}, ${moment(at)}` : author;
  return [`## ${head}`, ...texts.filter(Boolean)].join("\n\n");
}

function answer(reply, name) {
  if (!reply || isRunning(reply) || !(reply.text || reply.notice)) return "";
  const sources = reply.sources.map((source) => `- ${source.title}`).join("\n");
  const label = reply.label ? `${name} (${reply.label})` : name;
  return part(label, reply.createdAt, reply.text, reply.notice && `*${reply.notice}*`, sources && `${t("Sources")}:\n\n${sources}`);
}

/** A conversation as Markdown text. */
export function asText(chat, name) {
  const first = chat.turns[0]?.text.split(/\s+/).join(" ").slice(0, TITLE) ?? "";
  const parts = [`# ${first || name}`];
  for (const { turn, message } of inOrder({ ...chat, hasEarlier: false })) {
    if (message?.request?.text) parts.push(part(t("You"), message.createdAt, message.request.text));
    if (message) parts.push(part(message.author === "staff" ? t("Support team") : t("Notice"), message.createdAt, message.text));
    else parts.push(part(t("You"), turn.createdAt, turn.text), ...turn.replyIds.map((id) => answer(chat.replies[id], name)));
  }
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

/** Hand the open conversation to the browser as a file, from its beginning. Rejects when the desk cannot be asked for that. */
export async function download(page) {
  const earlier = (before) =>
    new Promise((done, failed) => {
      page.reading = (frame) => {
        page.reading = null;
        if (frame) done(frame);
        else failed(new Error("the line is gone"));
      };
      if (!page.opened || !page.connection.send({ type: "history", before })) page.reading(null);
    });
  const text = asText(await whole(page.chat, earlier), page.desk.name);
  const url = URL.createObjectURL(new Blob([text], { type: "text/markdown;charset=utf-8" }));
  el("a", { href: url, download: `conversation-${new Date().toISOString().slice(0, 10)}.md` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
