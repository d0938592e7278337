// Writing: the field with its draft, what is on its way or did not get there, and approved answers to put in.

import { SignedOut, announce, box, element, find, kept, post } from "./inbox_page.js";

const WRITING_MS = 3_000;
const FOUND_AFTER_MS = 200;
const AGAIN_MS = 3_000; // a web process that ended is back by then

/** What did not get there stays shown so while it is sent again. */
function isUnsent({ problem, state }) {
  return Boolean(problem) && state !== "sent";
}

/** The field below the transcript: its draft, and what is on its way or did not get there. */
export class Composer {
  constructor(look) {
    this.form = find("composer");
    this.field = find("text");
    this.pending = find("pending");
    this.scroll = find("scroll");
    this.key = box.dataset.open;
    this.look = look;
    this.wroteAt = 0;
    this.busy = false;
    this.out = kept.get(`out.${this.key}`) ?? [];
    // What was on its way when the page was left may have arrived: the same id is stored once, so it goes out again.
    this.out.forEach((each) => Object.assign(each, { state: "waiting", problem: "" }));
    this.#begin();
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    this.form.addEventListener("submit", (event) => this.#submit(event));
    this.mode(this.form.dataset.mode);
    this.#draw();
    this.#flush();
  }

  /** Go on with what was typed before: what the desk gave back, or the draft, unless it has gone out. */
  #begin() {
    const here = new URL(location.href);
    if (here.searchParams.has("sent")) {
      here.searchParams.delete("sent");
      history.replaceState(history.state, "", here);
      kept.set(`draft.${this.key}`, null);
    }
    if (!this.field.value) this.field.value = kept.get(`draft.${this.key}`) ?? "";
    else kept.set(`draft.${this.key}`, this.field.value);
  }

  get isWriting() {
    return this.form.dataset.mode === "live" && performance.now() - this.wroteAt < WRITING_MS && this.wroteAt > 0;
  }

  /** Show the way to answer that is open: in the chat, by mail, or none; what is typed stays. */
  mode(name) {
    const live = name === "live";
    if (this.form.dataset.mode !== name && document.activeElement === this.field && !name) announce("This conversation is not yours any more. What you typed is kept.");
    this.form.dataset.mode = name;
    this.form.hidden = !name;
    this.form.action = live ? this.form.dataset.say : this.form.dataset.do;
    find("label").textContent = live ? "Your message" : this.field.dataset.mailLabel;
    find("send").textContent = live ? "Send" : "Send the answer";
    find("hint").textContent = live ? "Enter sends, Shift and Enter begin a new line." : "";
    this.field.maxLength = live ? 4000 : 20_000;
    find("faq-open").hidden = false;
  }

  insert(text) {
    const { selectionStart: from, selectionEnd: to, value } = this.field;
    const gap = from > 0 && !/\s$/.test(value.slice(0, from)) ? "\n" : "";
    this.field.setRangeText(gap + text, from, to, "end");
    this.#typed();
    this.field.focus();
  }

  /** Articles have come from the desk: what is among them is on its way no longer. */
  arrived(ids) {
    const left = this.out.filter((each) => !ids.includes(each.key));
    if (left.length === this.out.length) return;
    this.out = left;
    this.#keep();
  }

  #typed() {
    this.wroteAt = this.field.value ? performance.now() : 0;
    kept.set(`draft.${this.key}`, this.field.value || null);
  }

  #pressed(event) {
    const composing = event.isComposing || event.keyCode === 229; // Enter chooses a word of an input method
    if (this.form.dataset.mode !== "live" || event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    this.#send();
  }

  #submit(event) {
    if (this.form.dataset.mode !== "live") return; // the draft stays until the answer is stored
    event.preventDefault();
    this.#send();
  }

  #send() {
    const text = this.field.value.trim();
    if (!text) return;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""); // no UUID: a browser makes none on plain http
    this.out.push({ id, text, state: "waiting", problem: "" });
    this.field.value = "";
    this.#typed();
    this.#keep();
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.#flush();
  }

  #keep() {
    kept.set(`out.${this.key}`, this.out.length > 0 ? this.out : null);
    this.#draw();
  }

  /** Send what waits, in order: what is behind a message that failed goes out after it. */
  async #flush() {
    if (this.busy) return;
    this.busy = true;
    for (let next = this.#next(); next; next = this.#next()) {
      try {
        const told = await post(this.form.dataset.say, { text: next.text, client_message_id: next.id });
        next.state = told.problem ? "unsent" : "sent";
        next.problem = told.problem ?? "";
        next.key = told.key;
        if (next.key && document.getElementById(next.key)) this.arrived([next.key]); // it had been stored before
        this.look();
      } catch (error) {
        this.#lost(next, error);
      }
      if (next.state === "unsent") announce(`Not sent: ${next.problem}`);
      this.#keep();
    }
    this.busy = false;
  }

  /** Nobody answered: it goes out again by itself, under its own id, until somebody does or it is taken back. */
  #lost(each, error) {
    const signedOut = error instanceof SignedOut;
    const said = each.problem;
    each.problem = signedOut ? "You are signed out." : "The desk cannot be reached; it is sent again by itself.";
    each.state = signedOut ? "unsent" : "lost";
    if (signedOut) return;
    if (said !== each.problem) announce(`Not sent: ${each.problem}`);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#again(each), AGAIN_MS);
  }

  #next() {
    const first = this.out.find((each) => each.state !== "sent");
    return first?.state === "waiting" ? first : undefined;
  }

  #draw() {
    const held = this.out.findIndex(isUnsent);
    const shown = JSON.stringify([held, ...this.out.map((each) => [each.id, each.problem, isUnsent(each)])]);
    if (shown === this.shown) return; // a button that has the focus keeps it
    this.shown = shown;
    this.pending.replaceChildren(...this.out.map((each, place) => this.#article(each, held >= 0 && place > held)));
  }

  #article(each, waits) {
    const unsent = isUnsent(each);
    const said = unsent ? "not sent" : waits ? "waits for the one above" : "sending";
    const made = element("article", { class: `inbox-item inbox-staff ${unsent ? "inbox-unsent" : "inbox-pending"}` },
      element("p", { class: "inbox-who" }, element("b", {}, "You"), ` ${said}`),
      element("div", { class: "inbox-text", dir: "auto" }, each.text));
    if (unsent) {
      made.append(element("div", { class: "inbox-unsent-words" }, each.problem,
        element("button", { type: "button", class: "inbox-button", click: () => this.#retry(each) }, "Retry"),
        element("button", { type: "button", class: "inbox-button", click: () => this.#take(each) }, "Edit")));
    }
    return made;
  }

  #again(each) {
    if (!this.out.includes(each)) return;
    each.state = "waiting"; // and keeps its problem in sight until it is through
    this.#flush();
  }

  #retry(each) {
    each.problem = "";
    this.#again(each);
    this.#keep();
    this.field.focus();
  }

  /** Put a message that was not sent back into the field. */
  #take(each) {
    this.out = this.out.filter((other) => other !== each);
    this.field.value = [each.text, this.field.value].filter(Boolean).join("\n");
    this.#typed();
    this.#keep();
    this.field.focus();
    this.#flush();
  }
}

/** The dialog that finds an approved answer and puts it into the field. */
export class FaqDialog {
  constructor(composer) {
    this.dialog = find("faq-dialog");
    this.words = find("faq-words");
    this.found = find("faq-found");
    this.said = find("faq-said");
    this.composer = composer;
    this.timer = 0;
    this.asked = 0;
    find("faq-open").addEventListener("click", () => this.#open());
    find("faq-close").addEventListener("click", () => this.dialog.close());
    this.words.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#search(), FOUND_AFTER_MS);
    });
  }

  #open() {
    const asked = Array.from(box.querySelectorAll(".inbox-visitor .inbox-text"), (each) => each.textContent.trim()).at(-1);
    this.words.value = (asked ?? "").slice(0, 300);
    this.dialog.showModal();
    this.words.select();
    this.#search();
  }

  async #search() {
    const turn = (this.asked += 1);
    try {
      const answer = await fetch(`${box.dataset.faq}?${new URLSearchParams({ q: this.words.value })}`);
      const { entries } = await answer.json();
      if (turn !== this.asked) return;
      this.said.textContent = entries.length === 0 ? "No approved answer is near this." : `${entries.length} approved answers, the nearest first.`;
      this.found.replaceChildren(...entries.map((entry) => element("li", {},
        element("button", { type: "button", click: () => this.#insert(entry) }, element("b", {}, entry.question), element("span", { lang: entry.language || false }, entry.answer)))));
    } catch {
      this.said.textContent = "The desk cannot be reached.";
    }
  }

  #insert(entry) {
    this.dialog.close();
    this.composer.insert(entry.answer);
  }
}
