// The form that asks for a person: it stands at the end of the transcript, keeps what is typed over a refresh, and goes
// out once, however often it has to be repeated.

import { lengthOf } from "./composer.js";
import { contactNode } from "./desk.js";
import { el, icon } from "./dom.js";
import { rememberRequest, request } from "./storage.js";

const TEXT_LIMIT = 4000;
const LIKE_AN_ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const PLAIN_AFTER_MS = 8000; // an answer normally takes a moment; after this the plain page is offered
const FIELD_OF = { bad_email: "email", too_long: "text", empty: "text" };

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Handoff {
  /** `holder` takes the form; `send` a frame and says whether it went out; `shown` when the page has grown, `changed` when the form came or went. */
  constructor(holder, { send, shown, changed }) {
    this.holder = holder;
    this.handlers = { send, shown, changed };
    this.person = {};
    this.draft = null;
    this.timer = 0;
    this.parts = null;
  }

  /** Show what was being written before the page was loaded again. */
  restore() {
    this.draft = request();
    if (this.draft) this.#show();
  }

  get isOpen() {
    return this.draft !== null;
  }

  /** Open the form, or come back to the open one; what is typed stays. */
  open(asked) {
    if (!this.draft) this.#begin(asked, false);
    this.draft = { ...this.draft, offered: false };
    this.#keep();
    this.handlers.shown();
    const { email, text: words, form } = this.parts;
    (email.input.value ? words : email).input.focus({ preventScroll: true });
    // A form that is higher than the screen begins at its top.
    if (form.offsetHeight > this.holder.parentNode.clientHeight) form.scrollIntoView({ block: "start" });
  }

  /** Show the form unasked, the focus stays where it is; false when an open one is in use. */
  offer(asked) {
    this.withdraw(); // an offer that nobody took makes way for the newer one
    if (this.draft) return false;
    this.#begin(asked, true);
    this.handlers.changed();
    return true;
  }

  #begin({ reason, replyId = null, text = "" }, offered) {
    this.draft = { id: newId(), reason, replyId, email: "", text, sent: false, offered };
    this.#keep();
    this.#show();
  }

  /** Take what the desk says about its people: by when they answer, and the privacy notice. */
  facts(person) {
    this.person = person ?? {};
    if (this.parts) this.#promise();
  }

  /** The conversation is open: what was sent and not acknowledged goes out again under the same id. */
  opened(messages) {
    if (!this.draft?.sent) return;
    if (messages.some((message) => this.#isReceipt(message))) this.close();
    else this.#go();
  }

  /** A message has come; true when it is the receipt of this form, which is then taken away. */
  received(message) {
    const mine = this.#isReceipt(message);
    // Sent from another tab: an empty form here has nothing left to ask.
    if (mine || (message.request && this.draft && !this.draft.sent && !this.draft.email)) this.close();
    return mine;
  }

  refused(problem, requestId) {
    if (requestId !== this.draft?.id) return;
    this.#sending(false);
    this.#complain(FIELD_OF[problem.code] ?? "form", problem.message);
  }

  /** Take back a form that nobody asked for or wrote in: an answer has come after all. */
  withdraw() {
    if (this.draft?.offered && !this.holder.contains(document.activeElement)) this.close();
  }

  close() {
    const wasOpen = this.isOpen;
    this.draft = null;
    this.parts = null;
    clearTimeout(this.timer);
    this.holder.replaceChildren();
    rememberRequest(null);
    if (wasOpen) this.handlers.changed();
  }

  #isReceipt(message) {
    const { request: made, author } = message;
    if (!this.draft?.sent || !made || author !== "system") return false;
    return made.client_request_id === undefined || made.client_request_id === this.draft.id;
  }

  #keep() {
    rememberRequest(this.draft);
  }

  #show() {
    const email = this.#field("email", "Your e-mail address", el("input", { type: "email", autocomplete: "email", inputmode: "email", required: true }));
    const text = this.#field("text", "What should they know?", el("textarea", { rows: "4", required: true }));
    email.input.value = this.draft.email;
    text.input.value = this.draft.text;
    const promise = el("p", { class: "promise" });
    const fine = el("p", { class: "fine-print" });
    const problem = el("div", { class: "field-error" });
    const state = el("p", { class: "form-state", role: "status" });
    const send = el("button", { type: "submit", class: "do strong" }, icon("send"), "Send to the team");
    const cancel = el("button", { type: "button", class: "do", onclick: () => this.#cancel() }, "Cancel");
    const form = el(
      "form",
      { class: "request", novalidate: true, "aria-labelledby": "request-title" },
      el("h3", { id: "request-title" }, "Talk to a person"),
      promise,
      email.node,
      text.node,
      problem,
      el("div", { class: "pair" }, send, cancel),
      state,
      fine,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.parts = { form, email, text, promise, fine, problem, state, send, cancel };
    this.holder.replaceChildren(form);
    this.#promise();
    if (this.draft.sent) this.#sending(true);
    this.handlers.shown();
  }

  #field(name, label, input) {
    const problem = el("p", { class: "field-error", id: `request-${name}-error` });
    input.id = `request-${name}`;
    input.addEventListener("input", () => {
      this.draft = { ...this.draft, [name]: input.value, offered: false };
      this.#keep();
      if (input.getAttribute("aria-invalid")) this.#calm(name);
    });
    return { input, problem, node: el("div", { class: "field" }, el("label", { for: input.id }, label), input, problem) };
  }

  /** Say what happens next and by when, who else can be reached, and what becomes of the address. */
  #promise() {
    const { answer_by_text: by, hours_text: hours, contact, privacy_url: privacy } = this.person;
    this.parts.promise.replaceChildren(by || "A person of the team answers by e-mail.");
    const lines = ["They get your message together with this conversation."];
    if (hours) lines.push(` People are there: ${hours}.`);
    if (contact) lines.push(" You can also reach them here: ", contactNode(contact), ".");
    if (privacy?.startsWith("https://")) {
      lines.push(" ", el("a", { href: privacy, rel: "noopener", target: "_blank" }, "Privacy notice"), ".");
    }
    this.parts.fine.replaceChildren(...lines);
  }

  #submit() {
    if (this.draft.sent) return;
    for (const name of ["email", "text", "form"]) this.#calm(name);
    const { email, text } = this.draft;
    const over = lengthOf(text) - TEXT_LIMIT;
    const problems = [];
    if (!email.trim()) problems.push(["email", "Please give an e-mail address, so that the team can answer."]);
    else if (!LIKE_AN_ADDRESS.test(email.trim())) problems.push(["email", "This is no e-mail address; it looks like name@example.com."]);
    if (!text.trim()) problems.push(["text", "Please say in a few words what it is about."]);
    else if (over > 0) problems.push(["text", `This is too long: ${over.toLocaleString()} over the limit of ${TEXT_LIMIT.toLocaleString()} characters.`]);
    for (const [name, words] of problems.reverse()) this.#complain(name, words);
    if (problems.length === 0) this.#go();
  }

  #go() {
    const { id, reason, replyId, email, text } = this.draft;
    this.draft = { ...this.draft, sent: true };
    this.#keep();
    const frame = { type: "handoff", reason, email: email.trim(), text, client_request_id: id };
    const out = this.handlers.send(replyId ? { ...frame, reply_id: replyId } : frame);
    this.#sending(true, out);
  }

  /** While it is on its way nothing can be changed: what arrives is what the visitor sees. */
  #sending(yes, out = false) {
    this.draft = { ...this.draft, sent: yes };
    this.#keep();
    const { email, text, send, state } = this.parts;
    email.input.readOnly = text.input.readOnly = yes;
    send.disabled = yes;
    clearTimeout(this.timer);
    state.replaceChildren();
    if (!yes) return;
    state.replaceChildren(out ? "Sending." : "It is kept here and sent as soon as the connection is back.");
    const offer = () => state.append(" If you do not want to wait: ", el("a", { href: "/person/" }, "write to the team without the chat"), ".");
    if (out) this.timer = setTimeout(offer, PLAIN_AFTER_MS);
    else offer();
  }

  #cancel() {
    this.close();
    document.querySelector("#message").focus();
  }

  #part(name) {
    return name === "form" ? { problem: this.parts.problem, input: null } : this.parts[name];
  }

  #calm(name) {
    const { problem, input } = this.#part(name);
    problem.replaceChildren();
    problem.removeAttribute("role");
    input?.removeAttribute("aria-invalid");
    input?.removeAttribute("aria-describedby");
  }

  #complain(name, words) {
    const { problem, input } = this.#part(name);
    problem.setAttribute("role", "alert");
    problem.replaceChildren(words);
    if (input) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", problem.id);
      input.focus();
    } else {
      this.parts.send.focus();
    }
  }
}
