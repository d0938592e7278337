// The visitor's own conversations: their list is fetched when it is opened, and hears of what the desk tells.

import { el } from "./dom.js";
import { lost, Part, style } from "./later.js";
import { t } from "./words.js";

export class Own {
  #list = null;
  #tries = 0;
  #dialog = null;

  /** `handlers` are those of the list (list.js). */
  constructor(handlers) {
    this.part = new Part(async () => {
      const [{ List }] = await Promise.all([import("./list.js"), style(new URL("./list.css", import.meta.url))]);
      return new List(handlers);
    });
  }

  async open() {
    const pressed = document.activeElement;
    try {
      this.#list = await this.part.get();
    } catch {
      return this.#failed();
    }
    const { activeElement: now } = document;
    if (now !== pressed && now.matches("input, textarea")) return; // who writes by then is not interrupted
    this.#dialog?.close();
    this.#list.open();
  }

  /** Take a frame; returns whether it was about the list alone. */
  received(frame) {
    return this.#list?.received(frame) ?? false;
  }

  /** Somebody else is in front of it now. */
  forget() {
    this.#list?.forget();
  }

  /** The conversation is open, or the line to the desk is gone. */
  line(up) {
    this.#list?.line(up);
  }

  #failed() {
    this.#tries += 1;
    this.#dialog?.close();
    const close = el("button", { type: "button", class: "do", onclick: () => dialog.close() }, t("Close"));
    const dialog = el("dialog", { class: "ending", "aria-label": t("Your conversations"), onclose: () => dialog.remove() }, lost(() => this.open(), this.#tries, close));
    this.#dialog = dialog;
    document.body.append(dialog);
    dialog.showModal();
  }
}
