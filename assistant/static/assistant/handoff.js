// The form that asks for a person: it stands at the end of the transcript, keeps what is typed over a refresh, and goes
// out once, however often it has to be repeated.

import { lengthOf } from "./composer.js";
import { contactNode, LIKE_AN_ADDRESS } from "./desk.js";
import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { newId } from "./messages.js";
import { rememberRequest, request } from "./storage.js";
import { number, t } from "./words.js";

const TEXT_LIMIT = 4000;
const PLAIN_AFTER_MS = 8000; // an answer normally takes a moment; after this the plain page is offered
const FIELD_OF = { bad_email: "email", too_long: "text", empty: "text", nobody_there: "email" };

/** What is on the visitor's mind: the question of a reply, else the last one that did not just ask for a person. */
function questionFor(chat, replyId) {
  const asked = chat.turns.filter((turn) => !askedForPerson(chat, turn));
  const turn = chat.turns.find((other) => other.replyIds.includes(replyId));
  if (turn && (asked.includes(turn) || chat.replies[replyId]?.personReason === "account")) return turn.text;
  return asked.at(-1)?.text ?? "";
}

function askedForPerson(chat, turn) {
  const replies = turn.replyIds.map((id) => chat.replies[id]);
  return replies.some((reply) => reply.route === "small_talk" || (reply.route === "person" && reply.personReason !== "account"));
}

const REASONS = { budget: "budget", upstream: "failed" };

/** Why a person is asked for under a reply, in the words of the protocol. */
function reasonOf(reply) {
  if (!reply) return "button";
  return reply.personReason || REASONS[reply.endedBy] || (reply.route === "person" ? "asked" : "failed");
}

export class Handoff {
  /** `holder` takes the form; `send` a frame and says whether it went out; `shown` when the page has grown, `changed` when the form came or went. */
  constructor(holder, { send, shown, changed }) {
    this.holder = holder;
    this.handlers = { send, shown, changed };
    this.person = {};
    this.there = false;
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
  open(asked, anew = false) {
    const request = !this.draft && !anew && this.#answeredByMail(asked.chat);
    if (request) return this.#stands(request, asked);
    if (!this.draft) this.#begin(asked, false);
    this.draft = { ...this.draft, offered: false };
    this.#keep();
    this.handlers.shown();
    const { email, text: words, form } = this.parts;
    (email.input.value ? words : email).input.focus({ preventScroll: true });
    // A form that is higher than the screen begins at its top.
    if (form.offsetTop < this.holder.parentNode.scrollTop) form.scrollIntoView({ block: "start" });
  }

  /** The request that the team has and answers by e-mail; with somebody there a chat is the quicker way. */
  #answeredByMail({ state, messages }) {
    if (this.there || state !== "waiting") return null;
    return messages.filter(({ request }) => request?.state === "new").at(-1)?.request ?? null;
  }

  /** Say that the team has been asked already, and let another request be made all the same. */
  #stands({ number: count }, asked) {
    const words = t("The team has your request no. {number} and answers it by e-mail.", { number: number(count) });
    const again = el("button", { type: "button", class: "do", onclick: () => this.open(asked, true) }, t("Ask for something else"));
    const close = el("button", { type: "button", class: "do", onclick: () => this.#cancel() }, t("Close"));
    const box = el("section", { class: "request", tabindex: "-1", "aria-label": t("Talk to a person") }, el("p", { class: "promise" }, words), el("div", { class: "pair" }, again, close));
    this.holder.replaceChildren(box);
    this.handlers.shown();
    box.focus({ preventScroll: true });
  }

  /** Show the form unasked, the focus stays where it is; false when an open one is in use. */
  offer(asked) {
    this.withdraw(); // an offer that nobody took makes way for the newer one
    if (this.draft) return false;
    this.#begin(asked, true);
    this.handlers.changed();
    return true;
  }

  /** `chat` is the conversation as it stands, `reply` the answer that did not do, if there is one. */
  #begin({ chat, reply }, offered) {
    const replyId = reply?.id ?? null;
    this.draft = { id: newId(), reason: reasonOf(reply), replyId, email: this.person?.email ?? "", text: questionFor(chat, replyId), sent: false, offered };
    this.#keep();
    this.#show();
  }

  /** Take what the desk says about its people: by when they answer, and the privacy notice. */
  facts(person) {
    this.person = person ?? {};
    if (this.parts) this.#promise();
  }

  /** Take whether somebody of the team is there, so that the chat itself is the way to them. */
  people(there) {
    this.there = there;
    if (!this.draft && there) this.holder.replaceChildren();
    if (!this.parts || this.draft.sent) return;
    this.#promise();
    if (there) this.#calm("email");
  }

  served() {
    if (this.draft?.sent) this.close();
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
    if (!this.draft) this.holder.replaceChildren(); // how it stood is an older story now
    // Sent from another tab: a form in which nothing was written has nothing left to ask.
    if (mine || (message.request && this.draft && !this.draft.sent && !this.draft.written)) this.close();
    return mine;
  }

  refused(problem, requestId) {
    if (requestId !== this.draft?.id) return;
    if (problem.code === "nobody_there") this.there = false;
    this.#sending(false);
    this.#complain(FIELD_OF[problem.code] ?? "form", problem.message);
  }

  /** Take back a form that nobody asked for or wrote in: an answer has come after all. */
  withdraw() {
    if (this.draft?.offered && !this.holder.contains(document.activeElement)) this.close();
  }

  /** Put the form away with its conversation; what is typed stays kept until that is open again. */
  leave() {
    this.draft = null;
    this.parts = null;
    clearTimeout(this.timer);
    this.holder.replaceChildren();
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
    const email = this.#field("email", t("Your e-mail address"), el("input", { type: "email", autocomplete: "email", inputmode: "email", required: true }));
    const text = this.#field("text", t("What should they know?"), el("textarea", { rows: "4", required: true, dir: "auto" }));
    email.input.value = this.draft.email;
    text.input.value = this.draft.text;
    const promise = el("p", { class: "promise" });
    const fine = el("p", { class: "fine-print" });
    const problem = el("div", { class: "field-error" });
    const state = el("p", { class: "form-state", role: "status" });
    const go = el("span");
    const send = el("button", { type: "submit", class: "do strong" }, icon("send", ICONS.send), go);
    const cancel = el("button", { type: "button", class: "do", onclick: () => this.#cancel() }, t("Cancel"));
    const form = el(
      "form",
      { class: "request", novalidate: true, "aria-labelledby": "request-title" },
      el("h3", { id: "request-title" }, t("Talk to a person")),
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
    this.parts = { form, go, email, text, promise, fine, problem, state, send, cancel };
    this.holder.replaceChildren(form);
    this.#promise();
    if (this.draft.sent) this.#sending(true);
    this.handlers.shown();
  }

  #field(name, words, input) {
    const problem = el("p", { class: "field-error", id: `request-${name}-error` });
    input.id = `request-${name}`;
    input.addEventListener("input", () => {
      this.draft = { ...this.draft, [name]: input.value, offered: false, written: true };
      this.#keep();
      if (input.getAttribute("aria-invalid")) this.#calm(name);
    });
    const label = el("label", { for: input.id }, words);
    return { input, problem, label, node: el("div", { class: "field" }, label, input, problem) };
  }

  /** Say what happens next and by when, who else can be reached, and what becomes of the address. */
  #promise() {
    const { answer_by_text: by, hours_text: hours, contact, privacy_url: privacy } = this.person;
    const { go, email } = this.parts;
    go.textContent = this.there ? t("Ask for a person") : t("Send to the team");
    email.input.required = !this.there;
    email.label.textContent = this.there ? t("Your e-mail address, if you like: for an answer when you have to leave") : t("Your e-mail address");
    this.parts.promise.replaceChildren(this.there ? t("Somebody from the team is there now and can talk to you in this chat.") : by || t("A person from the team answers by e-mail."));
    const lines = [t("They get your message together with this conversation.")];
    if (hours) lines.push(` ${t("Hours of the team: {hours}.", { hours })}`);
    if (contact) lines.push(` ${t("You can also reach them here:")} `, contactNode(contact));
    if (privacy?.startsWith("https://")) {
      lines.push("\u00a0· ", el("a", { href: privacy, rel: "noopener", target: "_blank" }, t("Privacy notice")));
    }
    this.parts.fine.replaceChildren(...lines);
  }

  #submit() {
    if (this.draft.sent) return;
    for (const name of ["email", "text", "form"]) this.#calm(name);
    const { email, text } = this.draft;
    const over = lengthOf(text) - TEXT_LIMIT;
    const problems = [];
    if (!email.trim() && !this.there) problems.push(["email", t("Please give an e-mail address, so that the team can answer.")]);
    else if (email.trim() && !LIKE_AN_ADDRESS.test(email.trim())) problems.push(["email", t("This is not an e-mail address; one looks like name@example.com.")]);
    if (!text.trim()) problems.push(["text", t("Please say in a few words what it is about.")]);
    else if (over > 0) problems.push(["text", t("This is too long: {over} over the limit of {limit} characters.", { over: number(over), limit: number(TEXT_LIMIT) })]);
    for (const [name, words] of problems.reverse()) this.#complain(name, words);
    if (problems.length === 0) this.#go();
  }

  #go() {
    const { id, reason, replyId, email, text } = this.draft;
    this.draft = { ...this.draft, sent: true };
    this.#keep();
    const frame = { type: "handoff", reason, email: email.trim(), text, client_request_id: id, live: this.there };
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
    state.replaceChildren(out ? t("Sending.") : t("It is kept here and sent as soon as the connection is back."));
    const offer = () => state.append(` ${t("If you do not want to wait:")} `, el("a", { href: "/person/" }, t("write to the team without the chat")));
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
