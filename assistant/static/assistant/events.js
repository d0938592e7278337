// The line to the desk where WebSockets are blocked: a stream of server-sent events in, POSTs out. It is used
// in place of a WebSocket and looks like one; loaded only where it is needed.

import { t } from "./words.js";

const SILENCE_MS = 10_000; // the desk gives a sign of life every 3 s here
const POST_MS = 15_000; // it may wait 10 s for its database
const MOST_FRAMES = 8; // of one POST; the desk takes twice as many
const MOST_TEXT = 60_000; // UTF-16 units of one POST, far below the desk's 256 KiB
const MOST_AFTER = 60; // replies that a stream is told to leave out: more than the 30 turns it brings
const TRIES = 5;
const PAUSE_MS = 500;
const REOPEN_MS = 3_000;
const UPGRADE_MS = 8_000;
const CLOSES = new Map([[400, 4400], [401, 4401], [403, 4403], [429, 4429], [503, 4503]]);
const LATER = new Set([429, 503]);

/** Cuts text into server-sent events, wherever its pieces were cut; `feed` returns [event, data] pairs. */
export class EventText {
  #rest = "";

  feed(text) {
    const parts = (this.#rest + text).split("\n\n");
    this.#rest = parts.pop();
    return parts.map(fields).filter(({ data }) => data !== undefined).map(({ event = "message", data }) => [event, data]);
  }
}

function fields(part) {
  const lines = part.split("\n").filter((line) => line && !line.startsWith(":"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trimStart()]));
}

function idsOf({ client_message_id, client_request_id, reply_id, turn_id, entry_id }) {
  return { client_message_id, client_request_id, reply_id, turn_id, entry_id };
}

export class EventLine extends EventTarget {
  #queue = [];
  #posting = false;
  #stream = null; // the AbortController of the stream that counts
  #conversation = null;
  #token; // of a visitor inside a frame, who has no cookie
  #watch = 0;
  #language = ""; // of the page, as it stands in `open`
  #around; // and of a frame, which page of the site shows it
  #reopenedAt = 0;
  #request = null; // and of the POST that is under way

  constructor(url) {
    super();
    this.url = url;
    this.readyState = WebSocket.CONNECTING;
    this.#dial();
  }

  /** Whether something is on its way out. */
  get busy() {
    return this.#posting;
  }

  send(text) {
    const frame = JSON.parse(text);
    if (frame.type === "open") this.#open(frame);
    else if (frame.type === "resume") this.#again();
    else {
      this.#queue.push(frame);
      this.#flush();
    }
  }

  close() {
    this.readyState = WebSocket.CLOSED;
    clearTimeout(this.#watch);
    this.#request?.abort();
    this.#stream?.abort();
  }

  #end(code) {
    if (this.readyState === WebSocket.CLOSED) return;
    this.close();
    this.dispatchEvent(new CloseEvent("close", { code }));
  }

  #say(frame) {
    if (this.readyState === WebSocket.CLOSED) return;
    if (frame.type === "opened") {
      this.#conversation = frame.conversation_id;
      this.#token = frame.token ?? this.#token;
    }
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  // -- out ---------------------------------------------------------------------------------------

  /** The line is up once a POST has been answered: it asks for nothing and shows that the desk knows this page. */
  async #dial() {
    await null; // whoever made this line listens from now on
    const { status, frames } = await this.#post([{ type: "ping" }]);
    for (const frame of frames ?? []) this.#say(frame);
    if (status !== 200 || !frames) return this.#end(codeOf(status, frames));
    if (this.readyState !== WebSocket.CONNECTING) return;
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  /** Send what waits, one request after the other, so that the order holds whichever processes they reach. */
  async #flush() {
    if (this.#posting) return;
    this.#posting = true;
    let tries = 0;
    while (this.#queue.length && this.readyState === WebSocket.OPEN) {
      const batch = this.#batch();
      const answer = await this.#post(batch);
      if (this.readyState !== WebSocket.OPEN) return;
      const wait = this.#take(answer, batch);
      if (wait === null) {
        this.#queue.splice(0, batch.length);
        tries = 0;
      } else if ((tries += 1) >= TRIES) this.#end(1006);
      else await new Promise((done) => setTimeout(done, wait + Math.random() * PAUSE_MS * 2 ** tries));
    }
    this.#posting = false;
  }

  #batch() {
    let length = 0;
    const fits = (frame, index) => index === 0 || (length += JSON.stringify(frame).length) < MOST_TEXT;
    const end = this.#queue.slice(0, MOST_FRAMES).findIndex((frame, index) => !fits(frame, index));
    return this.#queue.slice(0, end < 0 ? MOST_FRAMES : end);
  }

  /** Hand on what a POST brought. Returns after how many milliseconds it must be repeated (which does no harm), null for done. */
  #take({ status, frames }, batch) {
    if (status === 413 && !frames) {
      // Not the desk's own words: a proxy found it too large.
      for (const frame of batch) this.#say({ type: "error", code: "too_long", message: t("That is too long to be sent."), ...idsOf(frame) });
      return null;
    }
    if (!frames) return 0;
    const later = LATER.has(status);
    const ofTheLine = (frame) => later && frame.type === "error" && !Object.values(idsOf(frame)).some(Boolean);
    for (const frame of frames) if (!ofTheLine(frame)) this.#say(frame);
    return later ? (frames.find(ofTheLine)?.retry_after ?? 1) * 1000 : null;
  }

  /** Returns {status, frames}; frames is null when it was not the desk that answered. */
  async #post(frames) {
    const request = new AbortController();
    this.#request = request;
    const limit = setTimeout(() => request.abort(), POST_MS);
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", ...(this.#language ? { "Accept-Language": this.#language } : {}) },
        body: JSON.stringify({ conversation_id: this.#conversation, frames, token: this.#token }),
        cache: "no-store",
        redirect: "error",
        signal: request.signal,
      });
      return { status: response.status, frames: await framesOf(response) };
    } catch {
      return { status: 0, frames: null };
    } finally {
      clearTimeout(limit);
    }
  }

  // -- in ----------------------------------------------------------------------------------------

  async #open({ conversation_id: conversation, after = {}, token = this.#token, language = this.#language, around = this.#around }) {
    this.#stream?.abort();
    const stream = new AbortController();
    this.#stream = stream;
    this.#conversation = conversation;
    this.#token = token;
    this.#language = language;
    this.#around = around;
    this.#hear();
    const kept = Object.fromEntries(Object.entries(after).slice(-MOST_AFTER));
    const opening = JSON.stringify({ type: "open", conversation_id: conversation, after: kept, token, around, ...(language ? { language } : {}) });
    let code = 1006;
    try {
      const response = await fetch(this.url, { headers: { "X-Desk-Open": opening }, cache: "no-store", redirect: "error", signal: stream.signal });
      code = await this.#read(response, stream);
    } catch {
      // Cut on the way, or left by ourselves.
    }
    if (this.#stream === stream && code !== 0) this.#end(code);
  }

  /** Hand on the events of a stream; returns the code it was closed with, 0 when only the opening was refused. */
  async #read(response, stream) {
    if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
      const frames = await framesOf(response);
      for (const frame of frames ?? []) this.#say(frame);
      return codeOf(response.status, frames);
    }
    const [reader, decoder, events] = [response.body.getReader(), new TextDecoder(), new EventText()];
    let opened = false;
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.#stream !== stream) return opened ? 1006 : 0;
      this.#hear();
      const found = events.feed(decoder.decode(value, { stream: true }));
      // A comment says no more than that the line lives.
      if (!found.length) this.#say({ type: "alive" });
      for (const [event, data] of found) {
        const frame = JSON.parse(data);
        if (event === "close") return frame.code;
        opened ||= frame.type === "opened";
        this.#say(frame);
      }
    }
  }

  /** Something is missing: what a POST could fetch would race with the stream, so the stream begins anew. */
  #again() {
    if (Date.now() - this.#reopenedAt < REOPEN_MS) return;
    this.#reopenedAt = Date.now();
    this.#open({ conversation_id: this.#conversation });
  }

  #hear() {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#end(1006), SILENCE_MS);
  }
}

/** The close code that a refusal stands for; what a proxy on the way refuses is an interruption. */
function codeOf(status, frames) {
  return (frames && CLOSES.get(status)) || 1006;
}

/** The frames in a response, null when it is none of the desk's. */
async function framesOf(response) {
  try {
    const frames = await response.json();
    return Array.isArray(frames) ? frames : null;
  } catch {
    return null;
  }
}

/** Try a socket beside this line and call `opened(socket)` or, now or whenever it is closed, `closed()`. */
export function trySocket(url, opened, closed) {
  const socket = new WebSocket(url);
  const limit = setTimeout(() => socket.close(1000), UPGRADE_MS);
  socket.addEventListener("close", closed, { once: true });
  socket.addEventListener("open", () => {
    clearTimeout(limit);
    opened(socket);
  }, { once: true });
}
