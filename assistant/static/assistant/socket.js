// One connection to the desk that comes back by itself, unless the desk says that it must not.

const BASE_S = 0.5;
const CAP_S = 30;
const STABLE_MS = 60_000; // after a minute without a break the next loss starts from the short delays
const SILENCE_MS = 35_000; // the server says it is alive every 15 s; two missed and some slack
const PROBE_MS = 3_000; // for a ping on a line in doubt
const OFFLINE_PROBE_MS = 2_000; // and when the browser says that the network is gone
const UNANSWERED_MS = 5_000; // a verb that brought nothing for so long is such a reason
const UNANSWERED_PROBE_MS = 6_000; // the desk may wait for its database first
const UPGRADE_MS = 8_000; // a proxy that swallows the upgrade says nothing at all
const BLOCKED_AFTER = 2; // sockets in a row on which nothing was heard; then the line of requests is tried
const LOST_AFTER = 4; // where a socket has worked on this page: the desk is more probably away
const QUIET_MS = 15_000; // cut twice in the desk's silence between two signs: a proxy gives idle lines less time
const UNBLOCKED_MS = 5 * 60_000; // for so long a line of requests is kept before a socket is tried again
const AWAY_MS = 30_000; // and where a socket has worked on this page

// Closed on purpose; all else is tried again.
const FINAL_CLOSES = { 4400: "outdated", 4401: "sign_in", 4403: "refused", 4409: "outdated" };
const FINAL_ERRORS = ["sign_in", "refused"];

/** Full jitter: anything up to a bound that doubles from 0.5 s to 30 s, so a herd spreads out. */
export function backoff(attempt, random = Math.random()) {
  return random * Math.min(CAP_S, BASE_S * 2 ** Math.min(attempt, 16)) * 1000;
}

/** Which line to try next: a socket, or requests where sockets seem to be blocked. Pure. */
export class Ways {
  constructor(blocked = false) {
    this.next = blocked ? "events" : "socket";
    this.failures = 0;
    this.socketWorked = false;
  }

  get #enough() {
    return this.socketWorked ? LOST_AFTER : BLOCKED_AFTER;
  }

  /** How long a line of requests stands before a socket is tried beside it. */
  get patience() {
    return this.socketWorked ? AWAY_MS : UNBLOCKED_MS;
  }

  /** Nothing was heard on this way. Both take turns then: whichever the network lets through comes up. */
  failed(way) {
    this.failures = way === "socket" ? this.failures + 1 : this.#enough - 1;
    this.next = this.failures >= this.#enough ? "events" : "socket";
  }

  worked(way) {
    this.failures = way === "socket" ? 0 : this.failures;
    this.socketWorked ||= way === "socket";
    this.next = way;
  }

  /** A socket beside the requests takes over; it was the last if nothing is heard on it. */
  tried() {
    this.failures = this.#enough - 1;
    this.next = "socket";
  }
}

export class Connection {
  /**
   * `handlers`: up(), frame(frame), state(name, {reason, message, doubted}); names: connecting, online, reconnecting, offline, ended.
   * `fallback`, where there is one: the `url` of the line of requests, `blockedAt()` and `remember(at)`.
   */
  constructor(url, handlers, fallback = null) {
    this.url = url;
    this.handlers = handlers;
    this.fallback = fallback;
    this.ways = new Ways(Boolean(fallback) && Date.now() - fallback.blockedAt() < UNBLOCKED_MS);
    this.way = "socket";
    this.heard = false;
    this.events = null; // that module: most pages never need it
    this.loading = null;
    this.trialTimer = 0;
    this.socket = null;
    this.attempt = 0;
    this.heardAt = 0;
    this.quiet = []; // the silences after which the line was cut, in ms
    this.notBefore = 0;
    this.ended = "";
    this.wasOnline = false;
    this.#forgetTimers();
    window.addEventListener("online", () => this.wake());
    window.addEventListener("offline", () => this.#offline());
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
    const wanted = this.fallback && this.ways.next === "events";
    if (wanted && !this.events) {
      const late = new Promise((done) => setTimeout(done, UPGRADE_MS));
      Promise.race([this.#load(), late]).then(() => {
        if (!this.events) this.ways.failed("events");
        this.start();
      });
      return;
    }
    const events = wanted && this.events;
    this.way = events ? "events" : "socket";
    this.#take(events ? new events.EventLine(this.fallback.url) : new WebSocket(this.url));
    this.#watch(events ? SILENCE_MS : UPGRADE_MS);
  }

  #load() {
    this.loading ??= import("./events.js").then(
      (module) => (this.events = module),
      () => (this.loading = null),
    );
    return this.loading;
  }

  #take(socket) {
    this.socket = socket;
    this.heard = false;
    socket.addEventListener("open", () => {
      if (this.socket === socket) this.#opened();
    });
    socket.addEventListener("message", (event) => {
      if (this.socket !== socket) return;
      const frame = JSON.parse(event.data);
      this.#heard(frame);
      this.#receive(frame);
    });
    socket.addEventListener("close", (event) => {
      if (this.socket !== socket) return;
      const silence = Date.now() - this.heardAt;
      if (this.heard && silence > 2_000 && silence < QUIET_MS) this.quiet.push(silence);
      this.#lost(FINAL_CLOSES[event.code] ?? "");
    });
  }

  #opened() {
    this.wasOnline = true;
    this.#watch(SILENCE_MS);
    this.stableTimer = setTimeout(() => (this.attempt = 0), STABLE_MS);
    if (this.quiet.length > 1) this.speakTimer = setInterval(() => this.send({ type: "ping" }), Math.min(...this.quiet) / 2);
    this.#say();
    this.handlers.up();
  }

  /** Note that this way leads to the desk: requests only once their stream has brought something. */
  #leads(frame) {
    if (this.heard || (this.way === "events" && frame.type !== "opened")) return;
    this.heard = true;
    this.ways.worked(this.way);
    this.#remember();
  }

  #remember() {
    if (this.fallback) this.fallback.remember(this.way === "events" ? Date.now() : 0);
    clearTimeout(this.trialTimer);
    if (this.way === "events") this.trialTimer = setTimeout(() => this.#try(), this.ways.patience);
  }

  #try() {
    if (this.way !== "events" || this.ended) return;
    const closed = () => this.way === "events" && this.#remember();
    this.events.trySocket(this.url, (socket) => this.#takeOver(socket), closed);
  }

  #takeOver(socket) {
    const line = this.socket;
    if (this.way !== "events" || !this.isUp || line.busy) return socket.close(1000);
    this.#forgetTimers();
    this.way = "socket";
    this.ways.tried();
    this.#take(socket);
    line.close();
    this.#opened();
  }

  /** Send a frame if the line is up; returns whether it went out. */
  send(frame) {
    if (!this.isUp) return false;
    this.socket.send(JSON.stringify(frame));
    if (frame.type !== "ping") this.answerTimer ||= setTimeout(() => this.#unanswered(), UNANSWERED_MS);
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
    const socket = this.socket;
    this.socket = null;
    this.#forgetTimers();
    socket?.close(1000);
    this.#say();
  }

  /** The browser may be wrong: only a missing pong ends the line. */
  #offline() {
    this.#say();
    if (!this.isUp || this.doubtTimer) return;
    this.send({ type: "ping" });
    this.doubtTimer = setTimeout(() => this.#lost("", "", true), OFFLINE_PROBE_MS);
  }

  /** What was sent brought nothing back: ask whether the line lives. */
  #unanswered() {
    this.answerTimer = 0;
    this.send({ type: "ping" });
    this.#watch(UNANSWERED_PROBE_MS, true);
  }

  #heard(frame) {
    this.#watch(SILENCE_MS);
    this.heardAt = Date.now();
    clearTimeout(this.answerTimer);
    this.answerTimer = 0;
    this.#leads(frame);
    if (frame.type !== "pong") return; // what was under way before the network went says nothing about it
    clearTimeout(this.doubtTimer);
    this.doubtTimer = 0;
  }

  #forgetTimers() {
    for (const name of ["watchTimer", "doubtTimer", "answerTimer", "speakTimer", "stableTimer", "retryTimer"]) {
      clearTimeout(this[name]);
      this[name] = 0;
    }
  }

  #receive(frame) {
    if (frame.type === "error" && FINAL_ERRORS.includes(frame.code)) {
      this.#lost(frame.code, frame.message);
      return;
    }
    if (frame.type === "error" && frame.retry_after && !frame.client_message_id && !frame.reply_id) {
      this.notBefore = Date.now() + frame.retry_after * 1000; // the desk restarts, or this address came too often
      if (frame.code === "not_available") return; // no fault of what was sent: it goes out again behind the restart
    }
    this.handlers.frame(frame);
  }

  #watch(ms, doubted = false) {
    clearTimeout(this.watchTimer);
    this.watchTimer = setTimeout(() => this.#lost("", "", doubted), ms);
  }

  /** `doubted`: the visitor has waited already, so the loss is old news. */
  #lost(ended, message = "", doubted = false) {
    const socket = this.socket;
    this.socket = null;
    this.#forgetTimers();
    if (socket && socket.readyState < WebSocket.CLOSING) socket.close(1000);
    const fell = this.#doubt() && this.way === "socket";
    if (ended) this.ended = ended;
    this.#say(message, doubted);
    if (this.ended) return;
    const asked = Math.max(0, this.notBefore - Date.now()); // told to all at once, so it needs the jitter too
    // Where sockets are blocked, one that failed and the requests after it are one try: two waits of their own would
    // grow twice as fast while the desk is away, and keep the page away for long after it is back.
    const halfway = fell && this.ways.next === "events" && asked === 0;
    const delay = halfway ? 0 : backoff(this.attempt) + asked;
    this.attempt += halfway ? 0 : 1;
    this.retryTimer = setTimeout(() => this.start(), delay);
  }

  /** A line on which nothing was heard says something about the network, unless there is none; returns whether it did. */
  #doubt() {
    if (this.heard || this.fallback === null || navigator.onLine === false) return false;
    this.ways.failed(this.way);
    this.#load();
    return true;
  }

  #say(message = "", doubted = false) {
    const { ended, isUp } = this;
    let name = this.wasOnline || this.attempt > 0 ? "reconnecting" : "connecting";
    if (ended) name = "ended";
    else if (isUp) name = "online";
    else if (navigator.onLine === false) name = "offline";
    this.handlers.state(name, { reason: ended, message, doubted });
  }
}
