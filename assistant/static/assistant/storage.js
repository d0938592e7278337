// What this browser remembers: the conversation, drafts and messages that were not acknowledged yet.
// Everything stands under one prefix, so that "End chat" can forget all of it.

// The chat in a frame of another site is another visitor's, also where a browser does not keep their storage apart.
const SITE = globalThis.document?.querySelector("#desk")?.dataset.embed;
const PREFIX = SITE ? `embed.${SITE}.` : "chat.";

function usable(name) {
  try {
    const area = window[name];
    area.setItem(`${PREFIX}probe`, "1");
    area.removeItem(`${PREFIX}probe`);
    return area;
  } catch {
    return memory(); // storage is switched off in this browser: remember until the page is left
  }
}

function memory() {
  const values = new Map();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: (key) => values.delete(key),
    keys: () => [...values.keys()],
  };
}

const tab = usable("sessionStorage");
const browser = usable("localStorage");

function put(area, key, value) {
  if (value === null || value === "") area.removeItem(PREFIX + key);
  else area.setItem(PREFIX + key, value);
}

function get(area, key) {
  return area.getItem(PREFIX + key);
}

/** This tab's conversation, else the one that another tab of this browser had last. */
export function conversation() {
  return get(tab, "conversation") ?? get(browser, "conversation");
}

export function rememberConversation(id) {
  if (id && requestKey() === "request.new") {
    const kept = request(); // the conversation has only got its id
    rememberRequest(null);
    put(tab, "conversation", id);
    rememberRequest(kept);
  }
  put(tab, "conversation", id);
  put(browser, "conversation", id);
}

export function draft(id) {
  return get(browser, `draft.${id ?? "new"}`) ?? "";
}

export function rememberDraft(id, text) {
  put(browser, `draft.${id ?? "new"}`, text);
}

/** By what the desk knows this visitor inside a frame, null for nobody yet. */
export function token() {
  return get(browser, "token");
}

export function rememberToken(value) {
  put(browser, "token", value);
}

/** Messages that were sent from this tab and not acknowledged: they survive a refresh. `in` is their conversation. */
export function outbox() {
  return JSON.parse(get(tab, "outbox") ?? "[]");
}

export function rememberOutbox(entries) {
  const kept = entries.map(({ id, text, at, tried, in: where }) => ({ id, text, at, tried, in: where }));
  put(tab, "outbox", kept.length ? JSON.stringify(kept) : null);
}

/** The reply whose thumb down waits for its reason; it outlives the page, so that no thumb is lost. */
export function thumb() {
  return get(tab, "thumb");
}

export function rememberThumb(replyId) {
  put(tab, "thumb", replyId);
}

function requestKey(id = get(tab, "conversation")) {
  return `request.${id ?? "new"}`;
}

/** The request for a person that is being written or on its way from this tab in its conversation, null for none. */
export function request() {
  return JSON.parse(get(tab, requestKey()) ?? "null");
}

export function rememberRequest(draft) {
  put(tab, requestKey(), draft ? JSON.stringify(draft) : null);
}

/** Forget what was being written in a conversation that is gone. */
export function forgetDrafts(id) {
  rememberDraft(id, "");
  put(tab, requestKey(id), null);
}

/** When WebSockets were found blocked for this tab, in milliseconds, 0 for never. */
export function blockedAt() {
  return Number(get(tab, "blocked"));
}

export function rememberBlocked(at) {
  put(tab, "blocked", at ? String(at) : null);
}

function clear(area) {
  for (const key of area.keys?.() ?? Object.keys(area)) if (key.startsWith(PREFIX)) area.removeItem(key);
}

export function forgetEverything() {
  clear(tab);
  clear(browser);
  put(browser, "forgotten", "1"); // other tabs hear of it through the storage event
  put(browser, "forgotten", null);
}

/** Forget what this tab keeps, too, when another one of this browser forgets everything; then call back. */
export function whenForgotten(callback) {
  window.addEventListener("storage", (event) => {
    if (event.key === `${PREFIX}forgotten` && event.newValue) {
      clear(tab);
      callback();
    }
  });
}
