// One connection to the desk that comes back by itself, unless the desk says that it must not.

const BASE_S = 0.5;
const CAP_S = 30;
const STABLE_MS = 60_000; // after a minute without a break the next loss starts from the short delays
const SILENCE_MS = 35_000; // the server says it is alive every 15 s; two missed and some slack
const PROBE_MS = 3_000; // how long a ping may take when there is reason to doubt the line

// Closed on purpose, with words for it; everything else is tried again.
const FINAL_CLOSES = new Map([
  [4400, "outdated"],
  [4401, "sign_in"],
  [4403, "refused"],
  [4409, "outdated"],
]);
const FINAL_ERRORS = new Map([
  ["sign_in", "sign_in"],
  ["refused", "refused"],
]);

/** Full jitter: anything up to a bound that doubles from 0.5 s to 30 s, so a herd spreads out. */
export function backoff(attempt, random = Math.random()) {
  return random * Math.min(CAP_S, BASE_S * 2 ** Math.min(attempt, 16)) * 1000;
}

export class Connection {
  /** `handlers`: up(), frame(frame), state(name, detail); names are connecting, online, reconnecting, offline, ended. */
  constructor(url, handlers) {
    this.url = url;
    this.handlers = handlers;
    this.socket = null;
    this.attempt = 0;
    this.retryTimer = 0;
    this.stableTimer = 0;
    this.watchTimer = 0;
    this.notBefore = 0;
    this.ended = "";
    this.wasOnline = false;
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.#say());
    window.addEventListener("pageshow", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
    });
  }

  get isUp() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  start() {
    clearTimeout(this.retryTimer);
    if (this.ended || this.socket) return;
    this.#say();
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.#watch(SILENCE_MS);
    socket.addEventListener("open", () => {
      if (this.socket !== socket) return;
      this.wasOnline = true;
      this.stableTimer = setTimeout(() => (this.attempt = 0), STABLE_MS);
      this.#say();
      this.handlers.up();
    });
    socket.addEventListener("message", (event) => {
      if (this.socket !== socket) return;
      this.#watch(SILENCE_MS);
      this.#receive(JSON.parse(event.data));
    });
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.#lost(FINAL_CLOSES.get(event.code) ?? "");
    });
  }

  /** Send a frame if the line is up; returns whether it went out. */
  send(frame) {
    if (!this.isUp) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** Something changed for the better (network back, tab shown): connect at once, or ask whether the line lives. */
  wake() {
    if (this.ended) return;
    if (this.isUp) {
      this.send({ type: "ping" });
      this.#watch(PROBE_MS);
    } else if (!this.socket && Date.now() >= this.notBefore) {
      this.start();
    }
  }

  /** Leave for good, e.g. because the visitor ended the chat. */
  stop(reason = "closed") {
    this.ended = reason;
    clearTimeout(this.retryTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
    this.#say();
  }

  #receive(frame) {
    if (frame.type === "error" && FINAL_ERRORS.has(frame.code)) {
      this.#lost(FINAL_ERRORS.get(frame.code), frame.message);
      return;
    }
    if (frame.type === "error" && frame.retry_after && !frame.client_message_id && !frame.reply_id) {
      this.notBefore = Date.now() + frame.retry_after * 1000; // the desk restarts, or this address came too often
    }
    this.handlers.frame(frame);
  }

  #watch(ms) {
    clearTimeout(this.watchTimer);
    this.watchTimer = setTimeout(() => this.#lost(""), ms);
  }

  #lost(ended, message = "") {
    const socket = this.socket;
    this.socket = null;
    clearTimeout(this.watchTimer);
    clearTimeout(this.stableTimer);
    clearTimeout(this.retryTimer);
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close(1000);
    if (ended) this.ended = ended;
    this.#say(message);
    if (this.ended) return;
    const delay = Math.max(backoff(this.attempt), this.notBefore - Date.now());
    this.attempt += 1;
    this.retryTimer = setTimeout(() => this.start(), delay);
  }

  #say(message = "") {
    const { ended, isUp } = this;
    let name = this.wasOnline || this.attempt > 0 ? "reconnecting" : "connecting";
    if (ended) name = "ended";
    else if (isUp) name = "online";
    else if (navigator.onLine === false) name = "offline";
    this.handlers.state(name, { reason: ended, message });
  }
}
