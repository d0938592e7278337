// What this browser remembers: the conversation, drafts and messages that were not acknowledged yet.
// Everything stands under one prefix, so that "End chat" can forget all of it.

const PREFIX = "chat.";

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

/** This tab's conversation, else the one that another tab of this browser had last. */
export function conversation() {
  return tab.getItem(`${PREFIX}conversation`) ?? browser.getItem(`${PREFIX}conversation`);
}

export function rememberConversation(id) {
  put(tab, "conversation", id);
  put(browser, "conversation", id);
}

export function draft(id) {
  return browser.getItem(`${PREFIX}draft.${id ?? "new"}`) ?? "";
}

export function rememberDraft(id, text) {
  put(browser, `draft.${id ?? "new"}`, text);
}

/** Messages that were sent from this tab and not acknowledged: they survive a refresh. */
export function outbox() {
  return JSON.parse(tab.getItem(`${PREFIX}outbox`) ?? "[]");
}

export function rememberOutbox(entries) {
  const kept = entries.map(({ id, text, at }) => ({ id, text, at }));
  put(tab, "outbox", kept.length ? JSON.stringify(kept) : null);
}

/** The request for a person that is being written or on its way from this tab, null for none. */
export function request() {
  return JSON.parse(tab.getItem(`${PREFIX}request`) ?? "null");
}

export function rememberRequest(draft) {
  put(tab, "request", draft ? JSON.stringify(draft) : null);
}

/** When WebSockets were found blocked for this tab, in milliseconds, 0 for never. */
export function blockedAt() {
  return Number(tab.getItem(`${PREFIX}blocked`));
}

export function rememberBlocked(at) {
  put(tab, "blocked", at ? String(at) : null);
}

export function forgetEverything() {
  for (const area of [tab, browser]) {
    const keys = area.keys ? area.keys() : Object.keys(area);
    for (const key of keys) if (key.startsWith(PREFIX)) area.removeItem(key);
  }
  put(browser, "forgotten", "1"); // other tabs hear of it through the storage event
  put(browser, "forgotten", null);
}

/** Call back when another tab of this browser forgets everything. */
export function whenForgotten(callback) {
  window.addEventListener("storage", (event) => {
    if (event.key === `${PREFIX}forgotten` && event.newValue) callback();
  });
}
