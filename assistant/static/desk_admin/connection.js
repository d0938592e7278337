// Measures the way from this browser to the desk, row by row. What a measurement means is judged by the desk.

const facts = JSON.parse(document.getElementById("connection-facts").textContent);
const form = document.getElementById("connection");
const begin = form.querySelector("[type=submit]");
const cancel = document.getElementById("cancel");
const progress = document.getElementById("progress");
const WORDS = { ok: ["Works", "good"], warn: ["To look at", "warn"], fail: ["Wrong", "bad"], skip: ["Left out", "plain"] };
const PATIENCE_MS = 8_000; // for what is to be answered at once
const HERE = ["localhost", "127.0.0.1", "[::1]"].includes(window.location.hostname);
const PAGE = { scheme: window.location.protocol.replace(":", ""), host: window.location.host, loopback: HERE, origin: window.location.origin };
const SIGNS = 5; // of the quiet socket, in its time: every 15 s of 75

let stop = null; // ends everything that still runs

const within = (ms) => AbortSignal.any([stop.signal, AbortSignal.timeout(ms)]);
const get = (path, more = {}) => fetch(path, { cache: "no-store", redirect: "manual", signal: within(PATIENCE_MS), ...more });

// -- measurements ----------------------------------------------------------------------------------

async function reached() {
  const began = performance.now();
  const from = Date.now();
  const answer = await get(`${facts.tests}seen`);
  const took = performance.now() - began;
  const seen = answer.status === 200 ? await answer.json() : null;
  const entry = performance.getEntriesByName(new URL(`${facts.tests}seen`, window.location.href).href).at(-1);
  return { ...PAGE, status: answer.status, seen, protocol: entry?.nextHopProtocol ?? "", offset_ms: seen ? from + took / 2 - seen.at_ms : 0 };
}

function socketTo(path) {
  return new WebSocket(`${PAGE.scheme === "https" ? "wss" : "ws"}://${PAGE.host}${path}`);
}

/** Open the visitors' own socket and have it answer: a frame, or the reason for which it turns us away. */
function visitorsSocket() {
  return new Promise((done) => {
    const began = performance.now();
    const socket = socketTo(facts.socket);
    const end = (opened, ended, code = "") => {
      clearTimeout(limit);
      socket.close();
      done({ ...PAGE, opened, ended, code, ms: Math.round(performance.now() - began) });
    };
    const limit = setTimeout(() => end(false, "timeout"), PATIENCE_MS);
    stop.signal.addEventListener("abort", () => end(false, "cancelled"));
    socket.addEventListener("open", () => socket.send('{"type":"ping"}'));
    socket.addEventListener("message", (event) => end(true, "answer", JSON.parse(event.data).code ?? ""));
    socket.addEventListener("close", () => end(false, "closed"));
  });
}

/** The way without sockets: a stream that opens a conversation, and a request that is answered. */
async function fallback() {
  const found = { stream: false, post: false };
  const left = new AbortController();
  try {
    const opening = JSON.stringify({ type: "open", conversation_id: null });
    const signal = AbortSignal.any([left.signal, within(PATIENCE_MS)]);
    const answer = await fetch(facts.events, { headers: { "X-Desk-Open": opening }, cache: "no-store", signal });
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (answer.ok && !text.includes('"type":')) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
    }
    found.stream = text.includes('"type":');
  } catch {
    // It did not come in time.
  }
  left.abort();
  try {
    const body = '{"conversation_id":null,"frames":[{"type":"ping"}]}';
    const answer = await get(facts.events, { method: "POST", headers: { "Content-Type": "application/json" }, body });
    found.post = Array.isArray(await answer.json());
  } catch {
    // Something else than the desk answered.
  }
  return found;
}

/** Return when each part of a stream arrived, in milliseconds. */
async function parts(plain) {
  const [chunks, gap] = [5, 0.3];
  const answer = await get(`${facts.tests}stream?chunks=${chunks}&gap=${gap}${plain ? "&plain=1" : ""}`);
  const [reader, decoder, at] = [answer.body.getReader(), new TextDecoder(), []];
  for (let rest = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) break;
    rest += decoder.decode(value, { stream: true });
    const whole = rest.split("\n\n");
    rest = whole.pop();
    for (const _ of whole) at.push(performance.now());
  }
  return { at, chunks, gap_ms: gap * 1000, encoding: answer.headers.get("content-encoding") ?? "" };
}

async function framing() {
  const found = {};
  for (const key of facts.sites) {
    const answer = await get(`/embed/${key}/`, { credentials: "omit" });
    found[key] = { status: answer.status, options: answer.headers.get("x-frame-options"), policy: answer.headers.get("content-security-policy") };
  }
  return { sites: found };
}

/** A socket on which the desk says something a few times, as it does on a page that nobody writes in. */
function quietSocket(seconds) {
  const every = seconds / SIGNS;
  return new Promise((done) => {
    const socket = socketTo(`${facts.tests}socket?seconds=${seconds}&every=${every}`);
    let began = null;
    let ended = "cut";
    stop.signal.addEventListener("abort", () => socket.close());
    socket.addEventListener("open", () => (began = performance.now()));
    socket.addEventListener("message", (event) => {
      if (event.data.includes("end")) ended = "end";
    });
    socket.addEventListener("close", () => done({ ended, wanted_s: seconds, every_s: every, lasted_s: began === null ? 0 : (performance.now() - began) / 1000 }));
  });
}

async function silentLine(seconds) {
  const answer = await fetch(`${facts.tests}silence?seconds=${seconds}`, { cache: "no-store", signal: stop.signal });
  const [reader, decoder] = [answer.body.getReader(), new TextDecoder()];
  let [began, text] = [null, ""];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      began ??= performance.now();
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // Cut in the middle.
  }
  const lasted = began === null ? 0 : (performance.now() - began) / 1000;
  return { ended: text.includes("end") ? "end" : "cut", wanted_s: seconds, lasted_s: lasted };
}

// -- the run ---------------------------------------------------------------------------------------

async function settled(work) {
  try {
    return await work();
  } catch (error) {
    return stop.signal.aborted ? { cancelled: true } : { failed: error.name };
  }
}

async function show(check, measured) {
  const body = new FormData(form);
  body.set("check", check);
  body.set("measured", JSON.stringify(stop.signal.aborted ? { cancelled: true } : measured));
  let verdict = { state: "fail", text: "The desk did not take the measurement: load the page again.", mends: [] };
  try {
    const answer = await fetch(facts.verdict, { method: "POST", body });
    if (answer.ok) verdict = await answer.json();
  } catch {
    // As above.
  }
  const row = document.getElementById(`row-${check}`);
  const [word, kind] = WORDS[verdict.state];
  const badge = row.querySelector("[data-state]");
  badge.textContent = word;
  badge.className = `desk-badge desk-${kind}`;
  row.dataset.state = verdict.state;
  row.querySelector("[data-text]").textContent = verdict.text;
  row.querySelector("[data-mends]").replaceChildren(...verdict.mends.flatMap(lineOf));
}

function lineOf({ where, line }) {
  const [term, told, code] = ["dt", "dd", "code"].map((name) => document.createElement(name));
  term.textContent = where;
  code.textContent = line;
  told.append(code);
  return [term, told];
}

function measuring(check) {
  const badge = document.querySelector(`#row-${check} [data-state]`);
  badge.textContent = "measuring";
  badge.className = "desk-badge desk-info";
}

async function run() {
  stop = new AbortController();
  begin.disabled = true;
  cancel.hidden = false;
  for (const row of document.querySelectorAll("[data-check]")) measuring(row.dataset.check);
  const until = Date.now() + facts.seconds * 1000;
  const clock = setInterval(() => (progress.textContent = `Measuring: ${Math.max(0, Math.ceil((until - Date.now()) / 1000))} s to go.`), 1000);
  const long = [
    settled(() => quietSocket(facts.seconds)).then((found) => show("signs", found)),
    settled(() => silentLine(facts.seconds)).then((found) => show("silence", found)),
  ];
  const way = await settled(reached);
  for (const check of ["reached", "tls", "version", "clock"]) await show(check, { ...PAGE, ...way });
  await show("certificate", PAGE); // the desk looks at it itself: no script sees what the browser was shown
  const socket = await settled(visitorsSocket);
  for (const check of ["socket", "origin", "cookies"]) await show(check, socket);
  await show("fallback", await settled(fallback));
  const [marked, plain] = [await settled(() => parts(false)), await settled(() => parts(true))];
  await show("buffering", { marked, plain });
  await show("packed", { encoding: marked.encoding || plain.encoding || "" });
  await show("framing", await settled(framing));
  await Promise.all(long);
  clearInterval(clock);
  const count = (state) => document.querySelectorAll(`[data-check][data-state="${state}"]`).length;
  progress.textContent = stop.signal.aborted ? "Cancelled." : `Done: ${count("fail")} wrong, ${count("warn")} to look at.`;
  begin.disabled = false;
  cancel.hidden = true;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
cancel.addEventListener("click", () => stop?.abort());
