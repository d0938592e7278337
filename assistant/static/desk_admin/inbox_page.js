// What the parts of the inbox share: the page, requests to the desk, and what is kept in the browser.

export const box = document.querySelector("[data-inbox]");
export const part = (name) => box.querySelector(`[data-part="${name}"]`);
export const find = (name, root = box) => root.querySelector(`[data-${name}]`);
const csrf = () => box.querySelector("[name=csrfmiddlewaretoken]")?.value ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
export const bare = (html) => html.replace(/name="csrfmiddlewaretoken" value="[^"]*"/g, "");

/** Storage that may be switched off: then nothing is kept over a new page, and all else works. */
export const kept = {
  get(key) {
    try { return JSON.parse(localStorage.getItem(`inbox.${box.dataset.user}.${key}`)); } catch { return null; }
  },
  set(key, value) {
    try {
      if (value === null) localStorage.removeItem(`inbox.${box.dataset.user}.${key}`);
      else localStorage.setItem(`inbox.${box.dataset.user}.${key}`, JSON.stringify(value));
    } catch { /* full, or forbidden */ }
  },
};

export class SignedOut extends Error {}

/** Post a form and return the JSON of the answer; a problem that the desk names is a value, not an error. */
export async function post(url, fields) {
  const answer = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { Accept: "application/json", "X-CSRFToken": csrf() },
  });
  if (answer.redirected || answer.status === 403) throw new SignedOut();
  if (!answer.ok && answer.status !== 409) throw new Error(`the desk answered ${answer.status}`);
  return answer.json();
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value);
  });
  made.append(...children);
  return made;
}

/** Says things to whoever does not see the page change, one after the other. */
export function announce(words) {
  const place = find("said");
  place.textContent = place.textContent === words ? `${words} ` : words;
}
