// Asking for a person: the form for it is fetched when it is wanted; until then this keeps what it will have to know.

import { el } from "./dom.js";
import { lost, Part, plainPage, style } from "./later.js";
import { rememberRequest, request } from "./storage.js";
import { t } from "./words.js";

const PATIENCE_MS = 400; // a fetch that is over by then needs no words

export class Asking {
  #wish = null; // what the form is wanted for while it is being fetched: {use, offered}
  #tries = 0;
  #fetching = false;
  #timer = 0;

  /** As the form's own (handoff.js); `messages` are those of the open conversation, null while it is not open. */
  constructor(holder, { messages, ...handlers }) {
    Object.assign(this, { holder, handlers, messages, person: {}, there: false, form: null });
    this.part = new Part(async () => {
      const [{ Handoff }] = await Promise.all([import("./handoff.js"), style(new URL("./form.css", import.meta.url))]);
      return new Handoff(holder, handlers);
    });
    window.addEventListener("online", () => this.#tries && this.#fetch());
  }

  get isOpen() {
    return this.form ? this.form.isOpen : this.#wish !== null;
  }

  /** Show what was being written before the page was loaded again. */
  restore() {
    if (request()) this.#want({ use: (form) => form.restore() });
  }

  open(asked) {
    this.#want({ use: (form) => form.open(asked) });
  }

  /** Show the form unasked; `grow` is given what lets it stand, see Transcript.growUnder. */
  offer(asked, grow) {
    if (!this.#wish || this.#wish.offered) this.#want({ use: (form) => grow(() => form.offer(asked)), offered: true });
  }

  facts(person) {
    this.person = person;
    this.form?.facts(person);
  }

  people(there) {
    this.there = there;
    this.form?.people(there);
  }

  /** The team has been asked: what was sent from here has arrived, whichever tab asked. */
  served() {
    this.form?.served();
  }

  opened(messages) {
    this.form?.opened(messages);
  }

  received(message) {
    return this.form?.received(message) ?? false;
  }

  refused(problem, requestId) {
    this.form?.refused(problem, requestId);
  }

  withdraw() {
    if (this.form) this.form.withdraw();
    else if (this.#wish?.offered) this.close();
  }

  /** The conversation is left for another one: what is typed stays kept for it. */
  leave() {
    if (this.form) this.form.leave();
    else this.#clear();
  }

  close() {
    if (this.form) return this.form.close();
    const hadWish = this.#wish !== null;
    this.#clear();
    rememberRequest(null);
    if (hadWish) this.handlers.changed();
  }

  #want(wish) {
    if (this.form) return wish.use(this.form);
    this.#wish = wish;
    this.#fetch();
  }

  #fetch() {
    if (this.#fetching) return;
    this.#fetching = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.holder.replaceChildren(el("p", { class: "thanks", role: "status" }, t("One moment."))), PATIENCE_MS);
    const ended = (react) => (form) => {
      this.#fetching = false;
      react(form);
    };
    this.part.get().then(ended((form) => this.#there(form)), ended(() => this.#failed()));
  }

  #there(form) {
    const wish = this.#wish;
    this.#clear();
    this.form = form;
    form.facts(this.person);
    form.people(this.there);
    wish?.use(form);
    const messages = this.messages();
    if (messages) form.opened(messages);
  }

  #failed() {
    clearTimeout(this.#timer);
    if (!this.#wish) return;
    this.#tries += 1;
    this.holder.replaceChildren(lost(() => this.#fetch(), this.#tries, plainPage()));
    this.handlers.shown();
  }

  #clear() {
    clearTimeout(this.#timer);
    this.#wish = null;
    this.#tries = 0;
    this.holder.replaceChildren();
  }
}
