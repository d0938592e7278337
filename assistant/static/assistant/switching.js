// Another conversation takes the place of the open one: the visitor goes there, the open one is gone, or somebody else talks.

import { emptyChat } from "./log.js";
import * as storage from "./storage.js";
import { t } from "./words.js";

/** Leave the conversation for another one, null for a new one; what was not sent or said yet waits for it. */
export function goTo(page, id) {
  const { chat, composer, handoff } = page;
  const from = chat.conversationId;
  if (id === from) return;
  page.thumb.go();
  page.aside = [...page.aside, ...chat.outbox.map((entry) => ({ ...entry, in: from }))];
  if (from && storage.draft(from) && !chat.turns.length && !chat.outbox.length && !chat.messages.length) {
    storage.rememberDraft(null, storage.draft(from)); // no list names one without a message: its draft waits for the next new one
    storage.rememberDraft(from, "");
  }
  handoff.leave();
  turnTo(page, id, []);
  handoff.restore();
  (id && window.matchMedia("(pointer: coarse)").matches ? page.transcript.log : composer.text).focus(); // no keyboard over what is to be read
}

function turnTo(page, id, outbox) {
  page.reading?.(null); // for a file, and not to its end any more
  if (!page.opened && page.chat.conversationId) page.turnedFrom.add(page.chat.conversationId);
  page.turnedFrom.delete(id);
  storage.rememberConversation(id);
  page.chat = { ...emptyChat(), conversationId: id, outbox };
  page.takeBack();
  page.thumb.forget();
  page.stoppingId = page.askAgainId = null;
  page.opened = false;
  page.composer.restore(id);
  page.composer.say("");
  page.announcer.quiet();
  page.desk.state("");
  page.showLive({ live: null, person_there: page.handoff.there });
  page.transcript.expecting = id !== null;
  page.set(page.chat);
  page.keepOutbox();
  page.open();
}

/** A conversation was deleted, here or in another tab: what is being written there is not lost with it. */
export function gone(page, id) {
  const { chat, composer } = page;
  storage.forgetDrafts(id);
  page.aside = page.aside.filter((entry) => entry.in !== id);
  if (id !== chat.conversationId) return page.keepOutbox();
  const writing = [...chat.outbox.map((entry) => entry.text), composer.text.value].filter(Boolean).join("\n\n");
  page.handoff.close();
  turnTo(page, null, []);
  if (writing) composer.put([composer.text.value, writing].filter(Boolean).join("\n\n"));
  composer.say(t("That conversation was deleted. This is a new one."));
}

/** The browser forgets who this is, maybe in another tab: nothing that they wrote or read stays in front of the next one. */
export function forgotten(page) {
  const { composer, desk, handoff, own, strip } = page;
  page.held.length = 0;
  composer.text.value = "";
  composer.restore(null);
  composer.say("");
  handoff.close();
  own?.forget();
  strip?.clear();
  desk.state("");
  page.showLive({ live: null, person_there: false });
}

/** Somebody else talks from now on: open what is theirs. What nobody in particular had not sent yet goes along. */
export function identified(page, { token, verified, conversation_id: theirs }) {
  const { chat, known } = page;
  const outbox = known ? [] : chat.outbox;
  if (known) page.aside = [];
  page.identity = null;
  page.thumb.forget(); // of an answer that may be somebody else's now
  page.known = verified;
  storage.rememberToken(token);
  page.embed?.identified(true, verified ? "" : "signed_out");
  if (theirs === null || theirs !== chat.conversationId) {
    page.own?.forget();
    if (known) {
      storage.forgetDrafts(null); // what one has begun in a new conversation, the next would be shown in theirs
      page.composer.text.value = "";
    }
    return startAnew(page, theirs, outbox);
  }
  page.opened = false;
  page.open();
}

export function startAnew(page, conversationId = null, outbox = page.chat.outbox) {
  page.held.length = 0;
  page.handoff.close();
  turnTo(page, conversationId, outbox);
}
