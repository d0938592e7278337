// The live chat with a person of the team, as its visitor sees it: a bar above the message box that says how it stands
// and what can be done about it, who is there in the header, and a rating when it is over.

import { LIKE_AN_ADDRESS } from "./desk.js";
import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { style } from "./later.js";
import { LOCALE, t } from "./words.js";

const WRITING_EVERY_MS = 3000; // the team is shown for twice as long that somebody writes
const RATED_WITHIN_MS = 24 * 3600 * 1000; // who comes back a day later is not asked any more
const RUNNING = new Set(["offered", "waiting", "with_staff"]);
const BEST = 5;
const CALLED_MS = 2000; // so long it is marked for who was led here

/** What was put aside in this tab, under the prefix that "End chat" forgets. */
const aside = {
  get: () => { try { return sessionStorage.getItem("chat.live"); } catch { return null; } },
  set: (key) => { try { sessionStorage.setItem("chat.live", key); } catch { /* asked again after a refresh */ } },
};

function button(words, onclick, more = "") {
  return el("button", { type: "button", class: `do ${more}`, onclick }, words);
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString(LOCALE, { hour: "2-digit", minute: "2-digit" });
}

export class Live {
  #view = null;
  #key = "";
  #said = "";
  #asks = ""; // which form is open in the bar: "", "email" or "transcript"
  #waits = ""; // the absence that the visitor wants to sit out
  #wrote = 0;
  #problem = null;

  /** `send` a frame now and return whether it went out, `say` to screen readers, `header` says who is there, `keepEnd` does what takes room. */
  constructor(composer, { send, say, header, keepEnd }) {
    this.handlers = { send, say, header, keepEnd };
    this.box = composer.querySelector("textarea");
    this.asks = this.box.placeholder; // what the box says where the assistant answers
    this.words = el("p", { class: "live-words" });
    this.writing = el("p", { class: "live-writing" });
    this.body = el("div", { class: "live-body" });
    this.root = el("section", { class: "live", id: "live", tabindex: "-1", hidden: true, "aria-label": t("Chat with a person") }, this.words, this.writing, this.body);
    composer.before(this.root);
    this.box.addEventListener("input", () => this.#noteWriting());
  }

  get isRunning() {
    return RUNNING.has(this.#view?.state);
  }

  /** Take whoever asks for a person to how that stands, in sight and in words; false where nothing stands. */
  lead(there) {
    const { state, away, email } = this.#view ?? {};
    const unanswered = state === "failed" && !email && !there; // the team still needs an address
    if (!this.isRunning && !unanswered) return false;
    if (unanswered) aside.set("");
    const talking = state === "with_staff" && !away;
    this.#draw(talking ? t("{name} reads what you write below.", { name: this.#name }) : "");
    if (!talking) this.handlers.say(this.words.textContent);
    this.root.classList.add("called");
    setTimeout(() => this.root.classList.remove("called"), CALLED_MS);
    (talking ? this.box : (!this.isRunning && this.body.querySelector("input")) || this.root).focus();
    return true;
  }

  /** Show how the live chat stands, null for none; what has not changed stays as it is, with its focus. */
  show(view) {
    if (view?.state !== this.#view?.state) this.#asks = "";
    this.#view = view;
    this.box.placeholder = view?.state === "with_staff" ? t("Write to the team") : this.asks;
    if (!view?.away) this.#waits = "";
    this.handlers.header(this.#header());
    this.writing.textContent = view?.writing ? t("{name} is writing.", { name: this.#name }) : "";
    const key = view ? JSON.stringify({ ...view, writing: 0, since: 0, asks: this.#asks, waits: this.#waits }) : "";
    if (key === this.#key) return;
    this.#key = key;
    this.#draw();
  }

  /** A verb came too late or could not be used. */
  refused({ code, message }) {
    if (code === "bad_email" && this.#problem) this.#complain(message);
    else {
      this.#problem = null;
      this.#draw(message);
    }
  }

  get #name() {
    return this.#view.by || t("Our team");
  }

  #header() {
    if (this.#view?.state === "with_staff") return this.#view.away ? t("{name} is away", { name: this.#name }) : t("{name} is here", { name: this.#name });
    return this.#view?.state === "waiting" ? t("Waiting for a person") : null;
  }

  #draw(trouble = "") {
    const held = this.root.contains(document.activeElement);
    const focused = held && document.activeElement.id;
    const [words, ...nodes] = this.#content() ?? [""];
    const all = [trouble, words].filter(Boolean).join(" ");
    this.handlers.keepEnd(() => {
      this.words.textContent = all;
      const typed = this.#typed();
      this.body.replaceChildren(...nodes);
      this.#putBack(typed);
      this.root.hidden = !all && nodes.length === 0;
    });
    const detail = this.body.querySelector(".live-detail")?.textContent ?? "";
    const said = `${all} ${detail}`.trim();
    // What the desk wrote into the conversation has been read out already; this is what stands here alone.
    if (said && said !== this.#said) this.handlers.say(said);
    this.#said = said;
    if (held) ((focused && this.body.querySelector(`#${focused}`)) || this.body.querySelector("input, button") || (this.root.hidden ? this.box : this.root)).focus();
  }

  /** What stands in the fields of the bar: it is drawn anew when somebody ahead in the line is taken, too. */
  #typed() {
    return Array.from(this.body.querySelectorAll("input"), ({ id, value, checked }) => ({ id, value, checked }));
  }

  #putBack(typed) {
    for (const { id, value, checked } of typed) {
      const input = id && this.body.querySelector(`input#${id}`);
      if (input?.type === "radio") input.checked = checked;
      else if (input) input.value = value;
      if (checked) input?.dispatchEvent(new Event("change", { bubbles: true }));
    }
  }

  #content() {
    const states = { offered: () => this.#offered(), waiting: () => this.#waiting(), with_staff: () => this.#withStaff(), failed: () => this.#failed(), back: () => this.#over(), closed: () => this.#over() };
    return this.#view && states[this.#view.state]?.();
  }

  #do(doing, more = {}) {
    this.#send({ type: "live", request_id: this.#view.request_id, do: doing, ...more });
  }

  /** Send it now or not at all: when the line is back, something else may stand here. */
  #send(frame) {
    if (this.handlers.send(frame)) return;
    this.#key = ""; // so that these words go with the next view
    this.#draw(t("There is no connection just now. Try again when it is back."));
  }

  #row(...buttons) {
    return el("div", { class: "pair" }, ...buttons);
  }

  #offered() {
    return [
      t("{name} has time for you now.", { name: this.#name }),
      this.#row(button(t("Chat now"), () => this.#do("accept"), "strong"), button(t("No, thanks"), () => this.#do("decline"))),
    ];
  }

  #waiting() {
    const { position, until } = this.#view;
    const place = position > 1 ? t("You are number {position} in line for a person.", { position }) : t("You are next in line for a person.");
    const by = until ? t("If nobody can come by {time}, we tell you, and you can leave your e-mail address.", { time: clock(until) }) : "";
    const detail = el("p", { class: "live-detail" }, by, " ", t("The assistant keeps answering meanwhile."));
    if (this.#asks === "email") return [place, detail, this.#address(t("Have it answered by e-mail"), "email")];
    const mail = () => (this.#view.email ? this.#do("email") : this.#open("email"));
    return [place, detail, this.#row(button(t("Answer me by e-mail instead"), mail), button(t("Do not wait any longer"), () => this.#do("cancel")))];
  }

  #withStaff() {
    const leave = [button(t("Back to the assistant"), () => this.#do("back")), button(t("End this chat with the team"), () => this.#do("end"))];
    if (!this.#view.away || this.#waits) return ["", this.#row(...leave)];
    const words = t("{name} seems to have left. A colleague may come.", { name: this.#name });
    if (this.#asks === "email") return [words, this.#address(t("Have it answered by e-mail"), "email")];
    const wait = () => {
      this.#waits = "yes";
      this.show(this.#view);
    };
    const mail = () => (this.#view.email ? this.#do("email") : this.#open("email"));
    return [words, this.#row(button(t("Wait"), wait), leave[0], button(t("Answer me by e-mail instead"), mail))];
  }

  #failed() {
    const { email, request_id: id } = this.#view;
    if (email || aside.get() === id) return [""];
    return [t("Leave your e-mail address, and the team answers you there."), this.#address(t("Have it answered by e-mail"), "email")];
  }

  #over() {
    const { taken, rating, transcript, request_id: id, ended_at: ended } = this.#view;
    const old = !ended || Date.now() - Date.parse(ended) > RATED_WITHIN_MS;
    if (!taken || old || aside.get() === id) return [""];
    if (rating === null) return [t("How was the chat with the team?"), this.#rating()];
    if (transcript) return [t("Thank you. The conversation is sent to your e-mail address."), this.#row(this.#dismissal(t("Close")))];
    if (this.#asks === "transcript") return [t("Where should the conversation be sent?"), this.#address(t("Send me the conversation"), "transcript")];
    const mail = () => (this.#view.email ? this.#do("transcript") : this.#open("transcript"));
    return [t("Thank you."), this.#row(button(t("Send me this conversation by e-mail"), mail), this.#dismissal(t("Close")))];
  }

  #dismissal(words) {
    return button(words, () => {
      aside.set(this.#view.request_id);
      this.#asks = "";
      this.#draw();
    });
  }

  #open(what) {
    this.#asks = what;
    this.#key = "";
    this.show(this.#view);
    this.body.querySelector("input")?.focus();
  }

  /** A field for an address, and the verb that takes it. */
  #address(words, doing) {
    const input = el("input", { type: "email", id: "live-email", autocomplete: "email", inputmode: "email", required: true });
    const problem = el("p", { class: "field-error", id: "live-email-error" });
    this.#problem = { input, problem };
    const back = this.#asks ? button(t("Cancel"), () => this.#open("")) : this.#dismissal(t("Not now"));
    const form = el(
      "form",
      { class: "live-form", novalidate: true },
      el("label", { for: "live-email" }, t("Your e-mail address")),
      input,
      problem,
      this.#row(el("button", { type: "submit", class: "do strong" }, icon("send", ICONS.send), words), back),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const email = input.value.trim();
      if (LIKE_AN_ADDRESS.test(email)) this.#do(doing, { email });
      else this.#complain(email ? t("This is not an e-mail address; one looks like name@example.com.") : t("Please give an e-mail address, so that the team can answer."));
    });
    return form;
  }

  #complain(words) {
    const { input, problem } = this.#problem;
    problem.setAttribute("role", "alert");
    problem.replaceChildren(words);
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", problem.id);
    input.focus();
  }

  #rating() {
    const labels = [t("1, very bad"), t("2, bad"), t("3, all right"), t("4, good"), t("5, very good")];
    const choices = labels.map((label, index) => {
      const input = el("input", { type: "radio", name: "live-rating", value: String(index + 1), class: "unseen", id: `live-rating-${index + 1}`, "aria-label": label });
      return el("label", { title: label }, input, el("span", { "aria-hidden": "true" }, String(index + 1)));
    });
    const reason = el("input", { type: "text", id: "live-reason", maxlength: "400", autocomplete: "off" });
    const send = el("button", { type: "submit", class: "do strong", disabled: true }, t("Send rating"));
    const form = el(
      "form",
      { class: "live-form" },
      el("fieldset", { class: "live-stars" }, el("legend", { class: "unseen" }, t("How was the chat with the team?")), el("span", { "aria-hidden": "true" }, t("Bad")), ...choices, el("span", { "aria-hidden": "true" }, t("Good"))),
      el("label", { for: "live-reason" }, t("Why? (if you like)")),
      reason,
      this.#row(send, this.#dismissal(t("Not now"))),
    );
    form.addEventListener("change", () => (send.disabled = !form.querySelector(":checked")));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const rating = Number(form.querySelector(":checked").value);
      if (rating >= 1 && rating <= BEST) this.#send({ type: "rate_person", request_id: this.#view.request_id, rating, reason: reason.value.trim() });
    });
    return form;
  }

  #noteWriting() {
    if (this.#view?.state !== "with_staff" || performance.now() - this.#wrote < WRITING_EVERY_MS) return;
    this.#wrote = performance.now();
    this.handlers.send({ type: "live", request_id: this.#view.request_id, do: "writing" });
  }
}

/** The live chat of a page, dressed. */
export async function liveOf(page) {
  await style(new URL("./live.css", import.meta.url));
  return new Live(document.getElementById("composer"), {
    send: (frame) => page.sendNow(frame),
    say: (words) => page.announcer.say(words),
    header: (words) => page.desk.state(page.chat.state, words),
    keepEnd(change) {
      const { follows } = page.transcript.place;
      change();
      if (follows) page.transcript.toEnd();
    },
  });
}
