// What a screen reader hears: that an answer is being written, that it still is, and then the whole of it once.

import { t } from "./words.js";

const AGAIN_MS = 7000;
const FORGET_MS = 7000; // said by then; what stays would be found a second time by who reads on through the page

export class Announcer {
  constructor(region) {
    this.region = region;
    this.timer = 0;
    this.forgetting = 0;
  }

  /** `words` may be what gives them: asked when the next frame is over, so that what it reads is laid out by then. */
  say(words) {
    // Emptied first, so that the same words are read again.
    this.region.textContent = "";
    requestAnimationFrame(() => setTimeout(() => (this.region.textContent = typeof words === "string" ? words : words())));
    clearTimeout(this.forgetting);
    this.forgetting = setTimeout(() => (this.region.textContent = ""), FORGET_MS);
  }

  answering() {
    if (this.timer) return;
    this.say(t("Assistant is answering"));
    this.timer = setInterval(() => this.say(t("Assistant is still answering")), AGAIN_MS);
  }

  answered(words) {
    this.quiet();
    this.say(words);
  }

  /** No answer is being written any more, and there is nothing new to hear. */
  quiet() {
    clearInterval(this.timer);
    this.timer = 0;
  }
}
