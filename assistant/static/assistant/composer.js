// The message box: grows with its text, keeps a draft, counts near the limit, never locks.

import { draft, rememberDraft } from "./storage.js";
import { number, t } from "./words.js";

const COUNT_FROM = 0.875; // the counter appears at 7,000 of 8,000
const TEXT_ONLY = t("Text only for now: pictures and files cannot be sent here.");

/** The length as the server counts it: Unicode code points in composed form, without NUL. */
export function lengthOf(text) {
  return Array.from(text.replaceAll("\0", "").normalize("NFC")).length;
}

export class Composer {
  constructor(form, { onSend, onStop }) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.note = form.querySelector("#composer-note");
    this.count = form.querySelector("#composer-count"); // apart, so that it is not read out at every key
    this.sendButton = form.querySelector("#send");
    this.stopButton = form.querySelector("#stop");
    this.limit = 8000;
    this.conversationId = null;
    this.running = false;
    this.handlers = { onSend, onStop };
    this.#listen();
    this.restore(null);
  }

  /** Show the draft of a conversation; what is being written stays when the conversation only got its id. */
  restore(conversationId) {
    const sameBox = this.conversationId === conversationId;
    const writing = this.text.value;
    const gotItsId = this.conversationId === null && conversationId !== null;
    this.conversationId = conversationId;
    if (sameBox && writing) return;
    if (gotItsId && writing) {
      rememberDraft(null, "");
      rememberDraft(conversationId, writing);
    } else {
      this.text.value = draft(conversationId);
    }
    this.#grown();
  }

  setLimit(limit) {
    this.limit = limit;
    this.#count();
  }

  /** Stop takes the place of Send while an answer runs; with new text in the box both are there. */
  setRunning(running, stopping = false) {
    const hadFocus = document.activeElement === this.stopButton;
    this.running = running;
    this.stopButton.hidden = !running;
    const words = this.stopButton.querySelector(".words");
    const said = stopping ? t("Stopping") : t("Stop");
    if (words.textContent !== said) words.textContent = said; // asked at every piece of text: the page's layout is not touched
    this.#buttons();
    if (hadFocus && !running) this.text.focus();
  }

  /** Put a text into the box to be edited, before what stands there. */
  put(text) {
    const draft = this.text.value.trim() ? `\n${this.text.value}` : "";
    this.text.value = text + draft;
    this.#changed();
    this.text.focus();
    this.text.setSelectionRange(text.length, text.length);
  }

  say(words) {
    this.note.textContent = words;
  }

  #listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.stopButton.addEventListener("click", () => this.handlers.onStop());
    this.text.addEventListener("input", () => this.#changed());
    this.text.addEventListener("keydown", (event) => {
      // While an input method composes, Enter picks a candidate; 229 is what older browsers report then.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("paste", (event) => {
      if (event.clipboardData.files.length === 0 || event.clipboardData.getData("text/plain")) return;
      event.preventDefault();
      this.say(TEXT_ONLY);
    });
    window.addEventListener("dragover", (event) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    window.addEventListener("drop", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // else the browser would leave the chat and open the file
      this.say(TEXT_ONLY);
    });
  }

  #submit() {
    const text = this.text.value;
    if (!text.trim()) {
      this.text.focus();
      return;
    }
    const over = lengthOf(text) - this.limit;
    if (over > 0) {
      this.say(t("This is too long: {over} over the limit of {limit} characters. Please shorten or split it.", { over: number(over), limit: number(this.limit) }));
      return;
    }
    this.text.value = "";
    this.#changed();
    this.handlers.onSend(text);
  }

  #changed() {
    this.say("");
    rememberDraft(this.conversationId, this.text.value);
    this.#grown();
  }

  #grown() {
    // Browsers with `field-sizing` do this alone; the style sheet bounds both to six lines.
    if (!CSS.supports("field-sizing", "content")) {
      this.text.style.height = "auto";
      this.text.style.height = `${this.text.scrollHeight}px`;
    }
    this.#count();
    this.#buttons();
  }

  #count() {
    const near = this.limit * COUNT_FROM;
    const length = this.text.value.length < near ? 0 : lengthOf(this.text.value);
    this.count.textContent =
      length < near ? "" : t("{length} of {limit} characters", { length: number(length), limit: number(this.limit) });
    this.count.dataset.over = String(length > this.limit);
  }

  #buttons() {
    this.sendButton.hidden = this.running && !this.text.value.trim();
  }
}
