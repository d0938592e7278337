// What a screen reader hears: that an answer is being written, that it still is, and then the whole of it once.

const AGAIN_MS = 7000;

export class Announcer {
  constructor(region) {
    this.region = region;
    this.timer = 0;
  }

  say(words) {
    // Emptied first, so that the same words are read again.
    this.region.textContent = "";
    requestAnimationFrame(() => (this.region.textContent = words));
  }

  answering() {
    if (this.timer) return;
    this.say("Assistant is answering");
    this.timer = setInterval(() => this.say("Assistant is still answering"), AGAIN_MS);
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
