// The list of the visitor's conversations, in a drawer: switch, begin anew, rename in place, delete with a question.

import { el, icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { stamp, t } from "./words.js";

const TITLE_LIMIT = 120; // as the desk takes it
const SHORT = 80; // characters of a message that stands for a title
const STATES = { waiting: t("The team will answer"), with_staff: t("A person is here"), closed: t("Closed") };
const PENCIL = "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3";

function named(row) {
  return row.title || t("Without a question");
}

export class List {
  #rows = []; // as the desk told them, the latest first
  #next = null;
  #line = null; // whether the desk can be asked, null for not known
  #loading = false;
  #mode = null; // the row that is being renamed or asked about: {id, kind, text}
  #asked = new Map(); // what was sent and not answered, by conversation
  #problems = new Map();
  #going = false; // closed for another conversation, which has the focus then
  #shown = new Map(); // the nodes of the rows, each with the key of what it shows

  /**
   * `handlers`: send(frame), which says whether it went out; isUp(); here(), the open conversation's id; goTo(id), null for
   * a new one; kept(), what waits here unsent as [{in, text}]; draft(id); left(), after the drawer was closed.
   */
  constructor(handlers) {
    this.handlers = handlers;
    const button = (words, name, onclick, kind = "do") => el("button", { type: "button", class: kind, onclick }, icon(name, ICONS[name]), el("span", {}, words));
    this.state = el("p", { class: "list-state", role: "status" });
    this.empty = el("p", { class: "list-state", hidden: true }, t("Nothing here yet. What you ask is kept in this list."));
    this.list = el("ul", { class: "conversations" });
    this.more = el("button", { type: "button", class: "do more", hidden: true, onclick: () => this.#load(this.#next) }, t("Show more"));
    this.fresh = button(t("New conversation"), "plus", () => this.#go(null));
    this.dialog = el(
      "dialog",
      { class: "drawer", "aria-labelledby": "list-title" },
      el("div", { class: "top" }, el("h2", { id: "list-title" }, t("Your conversations")), button(t("Close"), "close", () => this.dialog.close(), "quiet close-list")),
      this.fresh,
      this.state,
      this.empty,
      this.list,
      this.more,
    );
    this.dialog.addEventListener("cancel", (event) => {
      if (!this.#mode) return;
      event.preventDefault(); // Escape leaves the question first, and the drawer the second time
      this.#leaveMode();
    });
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close()); // beside it
    this.dialog.addEventListener("close", () => {
      if (!this.#going) this.handlers.left();
      this.#going = false;
    });
    document.body.append(this.dialog);
  }

  open() {
    if (this.dialog.open) return;
    this.#mode = null;
    this.#problems.clear();
    this.dialog.showModal();
    this.#line = this.handlers.isUp();
    this.#load(null);
    this.#render();
    this.fresh.focus();
  }

  /** Somebody else is in front of it: the conversations are none of theirs. */
  forget() {
    this.#rows = [];
    this.#next = this.#mode = null;
    for (const known of [this.#asked, this.#problems, this.#shown]) known.clear();
    this.list.replaceChildren();
    this.dialog.close();
  }

  line(up) {
    if (up === this.#line) return;
    this.#line = up;
    this.#loading = false;
    if (up) for (const frame of this.#asked.values()) this.handlers.send(frame); // both verbs may be said twice
    if (up && this.dialog.open) this.#load(null);
    this.#render();
  }

  /** Take a frame; returns whether it was about this list alone. */
  received(frame) {
    const id = frame.conversation_id;
    const mine = this.#asked.get(id);
    if (frame.type === "conversations") this.#page(frame);
    else if (frame.type === "renamed") {
      this.#rows = this.#rows.map((row) => (row.conversation_id === id ? { ...row, title: frame.title } : row));
      if (mine) this.#ended(id, t("Renamed."));
    } else if (frame.type === "deleted") {
      const at = this.#rows.findIndex((row) => row.conversation_id === id);
      this.#rows = this.#rows.filter((row) => row.conversation_id !== id);
      if (mine || this.#mode?.id === id) this.#ended(id, t("Deleted."), at); // its row goes with the focus, whichever tab asked
    } else if (frame.type === "error" && mine) {
      this.#asked.delete(id);
      this.#problems.set(id, frame.message);
    } else if (frame.type === "error" && this.#loading && this.dialog.open && !frame.reply_id && !frame.client_message_id && !frame.client_request_id) {
      this.#loading = false;
      this.#say(frame.message);
      this.more.hidden = false;
      return true;
    } else return false;
    this.#render();
    if (frame.first && document.activeElement === this.fresh) this.list.querySelector("[aria-current]")?.focus(); // where one is
    return frame.type !== "deleted";
  }

  #page(frame) {
    this.#loading = false;
    const known = frame.first ? [] : this.#rows;
    const ids = new Set(known.map((row) => row.conversation_id));
    this.#rows = [...known, ...frame.conversations.filter((row) => !ids.has(row.conversation_id))];
    this.#next = frame.next;
    this.#say("");
  }

  #load(before) {
    this.#loading = this.handlers.send(before ? { type: "list", before } : { type: "list" });
    if (this.#loading && !this.#rows.length) this.#say(t("Loading"));
  }

  #say(words) {
    this.state.textContent = words;
  }

  #go(id) {
    this.#going = true;
    this.dialog.close();
    this.handlers.goTo(id);
  }

  #ask(id, frame) {
    this.#problems.delete(id);
    this.#asked.set(id, frame);
    if (!this.handlers.send(frame)) {
      this.#asked.delete(id);
      this.#problems.set(id, t("There is no connection just now. Try again when it is back."));
    }
    this.#render();
  }

  #ended(id, words, at = -1) {
    this.#asked.delete(id);
    if (this.#mode?.id === id) this.#mode = null;
    this.#render();
    this.#say(words);
    if (!this.dialog.open) return;
    const row = at < 0 ? this.#shown.get(id)?.node : this.list.children[Math.min(at, this.list.children.length - 1)];
    (row?.querySelector("button") ?? this.fresh).focus();
  }

  #enterMode(id, kind, text = "") {
    this.#mode = { id, kind, text };
    this.#problems.delete(id);
    this.#say("");
    this.#render();
    const first = this.#shown.get(id).node.querySelector("input, [data-keep]");
    first.focus();
    first.select?.();
  }

  #leaveMode() {
    const { id, kind } = this.#mode;
    this.#mode = null;
    this.#render();
    this.#shown.get(id)?.node.querySelector(`[data-act="${kind}"]`)?.focus();
  }

  // -- on the page -------------------------------------------------------------------------------

  #render() {
    if (!this.dialog.open) return;
    const rows = this.#all();
    const ids = new Set(rows.map((row) => row.conversation_id));
    if (!ids.has(this.#mode?.id)) this.#mode = null;
    for (const [id, { node }] of this.#shown) {
      if (ids.has(id)) continue;
      node.remove();
      this.#shown.delete(id);
    }
    rows.forEach((row, index) => this.#place(row, index));
    this.more.hidden = this.#next === null || !this.#line;
    this.empty.hidden = rows.length > 0 || this.#loading || !this.#line;
    if (!this.#line) this.#say(rows.length ? t("There is no connection just now. You can go on here when it is back.") : t("The list comes as soon as the connection is back."));
  }

  /** What the desk knows, and before it the conversations whose first message could not be sent yet. */
  #all() {
    const known = new Set(this.#rows.map((row) => row.conversation_id));
    const waiting = this.handlers.kept().filter((entry) => !known.has(entry.in));
    const own = new Map(waiting.map((entry) => [entry.in, { conversation_id: entry.in, title: entry.text.slice(0, SHORT), local: true, unread: 0, state: "open" }]));
    return [...own.values(), ...this.#rows];
  }

  #place(row, index) {
    const id = row.conversation_id;
    const mode = this.#mode?.id === id ? this.#mode.kind : "";
    const here = id === this.handlers.here();
    const key = JSON.stringify([row, mode, here, this.#line, this.#asked.has(id), this.#problems.get(id), this.#notes(row)]);
    let shown = this.#shown.get(id);
    if (!shown) this.#shown.set(id, (shown = { node: el("li", {}), key: "" }));
    if (shown.key !== key) {
      const act = shown.node.contains(document.activeElement) ? document.activeElement.dataset.act : null;
      shown.key = key;
      shown.node.replaceChildren(...this.#parts(row, mode, here));
      if (act) shown.node.querySelector(`[data-act="${act}"]`)?.focus();
    }
    if (this.list.children[index] !== shown.node) this.list.insertBefore(shown.node, this.list.children[index] ?? null);
  }

  #parts(row, mode, here) {
    const problem = this.#problems.get(row.conversation_id);
    const parts = mode === "rename" ? [this.#renaming(row)] : mode === "delete" ? [this.#deleting(row)] : this.#plain(row, here);
    return problem ? [...parts, el("p", { class: "field-error", role: "alert" }, problem)] : parts;
  }

  #plain(row, here) {
    const id = row.conversation_id;
    const time = el("time", {});
    stamp(time, row.updated_at);
    const notes = this.#notes(row).map(([kind, words]) => el("span", { class: `mark-${kind}` }, words));
    const busy = this.#asked.has(id);
    const open = el(
      "button",
      { type: "button", class: "to", "data-act": "open", "aria-current": here ? "true" : null, disabled: !this.#line && !here, onclick: () => (here ? this.dialog.close() : this.#go(id)) },
      el("span", { class: "title" }, named(row)),
      el("span", { class: "about" }, ...notes, time),
    );
    const act = (kind, words, picture, run) =>
      el("button", { type: "button", class: "quiet", "data-act": kind, "aria-label": words, title: words, disabled: !this.#line || busy, onclick: run }, picture);
    if (row.local) return [open];
    const title = named(row);
    return [
      open,
      act("rename", t("Rename “{title}”", { title }), icon("rename", PENCIL), () => this.#enterMode(id, "rename", row.title)),
      act("delete", t("Delete “{title}”", { title }), icon("bin", ICONS.bin), () => this.#enterMode(id, "delete")),
    ];
  }

  #notes(row) {
    const kept = this.handlers.kept().some((entry) => entry.in === row.conversation_id);
    return [
      row.unread > 0 && ["unread", t("New from the team")],
      this.#asked.get(row.conversation_id)?.type === "delete" && ["state", t("Deleting")],
      kept && ["unsent", t("Not sent yet")],
      !kept && row.conversation_id !== this.handlers.here() && this.handlers.draft(row.conversation_id) && ["unsent", t("Draft")],
      row.answering && ["state", t("Being answered")],
      STATES[row.state] && ["state", STATES[row.state]],
    ].filter(Boolean);
  }

  #renaming(row) {
    const id = row.conversation_id;
    const input = el("input", { type: "text", maxlength: TITLE_LIMIT, "data-act": "name", "aria-label": t("Name of the conversation"), autocomplete: "off", enterkeyhint: "done" });
    input.value = this.#mode.text;
    input.addEventListener("input", () => (this.#mode.text = input.value));
    const busy = this.#asked.has(id);
    const form = el(
      "form",
      { class: "renaming" },
      input,
      el("div", { class: "pair" }, el("button", { type: "submit", class: "do strong", disabled: busy }, t("Save")), el("button", { type: "button", class: "do", onclick: () => this.#leaveMode() }, t("Cancel"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const title = input.value.split(/\s+/).filter(Boolean).join(" ");
      if (!title || title === row.title) return this.#leaveMode();
      this.#ask(id, { type: "rename", conversation_id: id, title });
    });
    return form;
  }

  #deleting(row) {
    const id = row.conversation_id;
    const busy = this.#asked.has(id);
    return el(
      "div",
      { class: "deleting", role: "group", "aria-labelledby": `delete-${id}` },
      el("p", { id: `delete-${id}` }, t("Delete “{title}” for good? Its messages, and requests to the team made in it, are erased.", { title: named(row) })),
      el(
        "div",
        { class: "pair" },
        el("button", { type: "button", class: "do danger", "data-act": "yes", disabled: busy, onclick: () => this.#ask(id, { type: "delete", conversation_id: id }) }, busy ? t("Deleting") : t("Delete for good")),
        el("button", { type: "button", class: "do", "data-keep": "", "data-act": "keep", disabled: busy, onclick: () => this.#leaveMode() }, t("Keep")),
      ),
    );
  }
}
