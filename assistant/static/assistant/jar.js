// Where a browser keeps no storage for frames of other sites (Chromium's private windows, "block third-party cookies"),
// it most often still keeps cookies apart for each site around the frame (CHIPS). One of those then holds by what the
// visitor comes back, for this script alone: the desk never reads it. Runs before main.js, which finds it remembered.

import { conversation, rememberConversation, rememberToken, token } from "./storage.js";

const { embed: key } = document.querySelector("#desk").dataset;
const NAME = "desk-frame=";
const FOR = `; Path=/embed/${key}/; Secure; SameSite=None; Partitioned; Max-Age=`;
const DAYS_180_S = 180 * 24 * 3600; // as long as the desk takes the token in it
let begun = false;

function blocked() {
  try {
    return !window.localStorage;
  } catch {
    return window.parent !== window;
  }
}

function kept() {
  const found = document.cookie.split("; ").find((each) => each.startsWith(NAME));
  return found?.slice(NAME.length).split("|") ?? [];
}

/** Keep who this is and in which conversation; what another tab has ended since is not begun again. */
function keep() {
  if (!blocked() || (begun && !kept().length)) return;
  begun = true;
  document.cookie = `${NAME}${conversation()}|${token()}${FOR}${DAYS_180_S}`;
}

function drop() {
  if (blocked()) document.cookie = `${NAME}${FOR}0`;
}

document.addEventListener("keep", keep);
document.addEventListener("drop", drop);
if (blocked() && document.querySelector("#desk").dataset.ended === undefined) {
  const [id, bearer] = kept();
  if (bearer) {
    rememberConversation(id);
    rememberToken(bearer);
  }
}
