// A thumb down waits a moment for its reason: the desk acts on both at once (for the tone alone no larger model is asked).
// It is kept meanwhile, so that it goes out also when the visitor goes on, leaves, or loads the page again.

import { rememberThumb, thumb } from "./storage.js";

const REASON_MS = 8000; // to read five reasons and press one

export class Thumb {
  /** `send` takes a reply's id and says whether the thumb went out; `leave` may be its last moment. */
  constructor({ send, leave }) {
    Object.assign(this, { send, leave });
    this.replyId = thumb(); // of this page before it was loaded again
    this.timer = 0;
    const leaving = () => this.replyId && this.leave(this.replyId); // and stays kept, in case that this was too late
    window.addEventListener("pagehide", leaving);
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leaving());
  }

  /** Keep a thumb down until its reason comes; one that waits for another answer goes out. */
  hold(replyId) {
    if (this.replyId !== replyId) this.go();
    this.#keep(replyId);
    this.timer = setTimeout(() => {
      this.timer = 0;
      this.go();
    }, REASON_MS);
  }

  /** Let the thumb go without a reason; where there is no line it waits for one. */
  go() {
    if (this.replyId && this.send(this.replyId)) this.#keep(null);
  }

  /** The conversation is open: a thumb of before, for whose reason nobody is asked any more, goes out. */
  opened() {
    if (!this.timer) this.go();
  }

  /** Something else was said of this answer. */
  forget(replyId = this.replyId) {
    if (replyId === this.replyId) this.#keep(null);
  }

  #keep(replyId) {
    clearTimeout(this.timer);
    this.timer = 0;
    this.replyId = replyId;
    rememberThumb(replyId);
  }
}
