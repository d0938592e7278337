// The menu in the header (a disclosure, not an application menu) and the question before a chat is ended.

export function setUpMenu(button, panel) {
  const open = (yes) => {
    panel.hidden = !yes;
    button.setAttribute("aria-expanded", String(yes));
  };
  button.addEventListener("click", () => open(panel.hidden));
  panel.addEventListener("click", (event) => {
    if (event.target.closest("[data-closes]")) open(false);
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
}

/** Open the question from a button; `onEnd` runs just before the form that ends the chat is sent. */
export function setUpEnding(button, dialog, onEnd) {
  button.addEventListener("click", () => dialog.showModal());
  dialog.querySelector("[data-keep]").addEventListener("click", () => dialog.close());
  dialog.querySelector("form").addEventListener("submit", onEnd);
}
