// The menu in the header (a disclosure, not an application menu) and what it leads to: other conversations, this one as
// a file, and the questions before a chat is ended or all data deleted. Fetched when somebody is about to open it.

import { icon } from "./dom.js";
import { ICONS } from "./icons.js";
import { Part, style } from "./later.js";
import { Own } from "./own.js";
import * as storage from "./storage.js";
import { goTo } from "./switching.js";
import { t } from "./words.js";

/** Set the menu up and return what opens and closes it; `forgotten` leaves the page without a conversation. */
export async function setUpMenu(page, forgotten) {
  const [button, panel] = ["menu-button", "menu"].map((id) => document.getElementById(id));
  await style(new URL("./menu.css", import.meta.url));
  for (const node of panel.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon, ICONS[node.dataset.icon]));
  setUpItems(page, button, forgotten);
  return setUpPanel(button, panel);
}

function setUpPanel(button, panel) {
  const open = (yes) => {
    panel.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
  };
  panel.addEventListener("click", (event) => {
    if (!event.target.closest("[data-closes]")) return;
    const left = panel.contains(document.activeElement); // what was pressed took the focus nowhere else
    open(false);
    if (left) button.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden) return;
    open(false);
    button.focus();
  });
  document.addEventListener("click", (event) => {
    if (!panel.hidden && !panel.contains(event.target) && !button.contains(event.target)) open(false);
  });
  panel.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !panel.contains(event.relatedTarget) && event.relatedTarget !== button) open(false);
  });
  let turned = false; // presses while this was on its way are one
  return () => {
    if (!turned) open(panel.hidden);
    turned = true;
    setTimeout(() => (turned = false));
  };
}

function setUpItems(page, button, forgotten) {
  const { embed } = page;
  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  const file = new Part(() => import("./keeping.js"));
  page.own = new Own({
    send: (frame) => page.connection.send(frame), // also while another conversation is being opened: that was said before
    isUp: () => page.opened,
    here: () => page.chat.conversationId,
    goTo: (id) => goTo(page, id),
    kept: () => page.aside,
    draft: storage.draft,
    left: () => button.focus(),
  });
  const download = () => file.get().then((part) => part.download(page)).catch(() => {
    page.composer.say(t("The conversation could not be downloaded. Please try again when the connection is back."));
  });
  const leave = () => {
    storage.forgetEverything();
    forgotten();
  };
  on("new-conversation", () => goTo(page, null));
  on("own-conversations", () => page.own.open());
  on("download-conversation", () => page.reading || download());
  setUpEnding("end-chat", "ending", button, embed ? () => embed.end(leave) : leave);
  setUpEnding("delete-data", "deleting", button, embed ? () => embed.erase(leave) : leave);
  if (embed) on("download-data", () => embed.download());
}

/** Open the question from an item of the menu; `onEnd` runs just before the form that ends the chat is sent. */
function setUpEnding(item, question, button, onEnd) {
  const dialog = document.getElementById(question);
  document.getElementById(item).addEventListener("click", () => dialog.showModal());
  // The item is hidden with its menu by now: the focus goes back to the one that opened that.
  dialog.addEventListener("close", () => button.focus());
  dialog.querySelector("[data-keep]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", onEnd);
}
