// The review queue: every button is a form's button; here it needs no new page, and a key presses it.
(() => {
  "use strict";
  const list = document.querySelector("[data-list]");
  const undo = document.querySelector("[data-undo]");
  const said = document.querySelector("[data-said]");
  const total = document.querySelector("[data-total]");
  if (!list) return;
  document.querySelector("[data-keys]").hidden = false;

  const all = () => Array.from(list.querySelectorAll("[data-group]"));
  const current = () => list.querySelector("[data-group][tabindex='0']");

  function mark(row, focus, options) {
    all().forEach((each) => { each.tabIndex = each === row ? 0 : -1; });
    if (row && focus) row.focus(options);
  }

  function move(step) {
    const rows = all();
    const to = rows[rows.indexOf(current()) + step];
    if (to) mark(to, true);
  }

  async function send(row, verb) {
    const body = new URLSearchParams(new FormData(row));
    body.set("verb", verb);
    try {
      const response = await fetch(row.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/json" } });
      const json = (response.headers.get("content-type") || "").includes("json");
      const told = json ? await response.json() : {};
      if (!json) told.problem = response.redirected ? "You are signed out. Nothing was stored." : `The server answered ${response.status}. Nothing was stored.`;
      return told;
    } catch (error) {
      return { problem: "The server cannot be reached. Nothing was stored." };
    }
  }

  function complain(row, text) {
    const place = row.querySelector(".faq-proposal-problem");
    place.textContent = text;
    place.hidden = !text;
  }

  function takeOut(row) {
    const rows = all();
    const at = rows.indexOf(row);
    const following = rows[at + 1] || rows[at - 1];
    row.remove();
    if (total) total.textContent = Math.max(0, Number(total.textContent) - 1);
    if (following) mark(following, true);
    else location.assign(document.querySelector("[data-next]")?.href || location.pathname + location.search);
  }

  // Somebody else was first: it says so and takes no further decision.
  function close(row, text) {
    complain(row, text);
    row.classList.add("faq-review-done");
    row.querySelectorAll("button, input, textarea").forEach((each) => { each.disabled = true; });
  }

  function offerUndo(told) {
    undo.hidden = false;
    undo.elements.decision.value = told.undo;
    undo.querySelector("[data-undo-text]").textContent = told.said;
  }

  async function act(row, verb) {
    if (row.dataset.busy || row.classList.contains("faq-review-done")) return;
    row.dataset.busy = "1";
    complain(row, "");
    const told = await send(row, verb);
    delete row.dataset.busy;
    if (told.url) location.assign(told.url);
    else if (told.html !== undefined) showFound(row, told.html);
    else if (told.judged) close(row, told.problem);
    else if (told.problem) refuse(row, told.problem);
    else settle(row, told);
  }

  function refuse(row, problem) {
    complain(row, problem);
    row.querySelector("[data-stored]").open = true;
  }

  // Where some wordings were unticked, the rest stays and is a group of its own.
  function settle(row, told) {
    said.textContent = told.said;
    offerUndo(told);
    const boxes = Array.from(row.querySelectorAll("input[type=checkbox][name=variant]"));
    const rest = boxes.filter((box) => !box.checked);
    if (!rest.length) {
      takeOut(row);
      return;
    }
    boxes.filter((box) => box.checked).forEach((box) => box.closest("li").remove());
    rest.forEach((box) => { box.checked = true; });
    const texts = rest.map((box) => box.closest("li").querySelector("[data-wording]").textContent);
    row.querySelector(".faq-review-title").textContent = texts[0];
    row.querySelector(".faq-review-count").textContent = "";
    row.elements.stored.value = texts.slice(0, 3).join("\n");
    row.focus();
  }

  function showFound(row, html) {
    const place = row.querySelector("[data-found]");
    place.innerHTML = html; // escaped by the server
    const first = place.querySelector("input");
    if (first) {
      first.checked = true;
      first.focus();
    }
  }

  list.addEventListener("submit", (event) => {
    event.preventDefault();
    const verb = event.submitter && event.submitter.value;
    if (verb) act(event.target, verb);
  });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.name !== "search") return;
    event.preventDefault(); // Enter in a form presses its first button, which is another one
    act(event.target.closest("[data-group]"), "find");
  });
  list.addEventListener("focusin", (event) => {
    const row = event.target.closest("[data-group]");
    if (row && row.tabIndex !== 0) mark(row, false);
  });

  const typing = (target) => target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])");

  function choose(row, number) {
    const choice = row.querySelectorAll("input[name=entry]")[number - 1];
    if (choice) choice.checked = true;
  }

  function pressed(row, key) {
    const button = row.querySelector(`button[data-key="${CSS.escape(key)}"]`);
    if (button) button.click();
    else if (/^[1-9]$/.test(key)) choose(row, Number(key));
    else if (key === "/") row.elements.search.focus();
    else if (key === "e") {
      row.querySelector("[data-stored]").open = true;
      row.elements.stored.focus();
    } else return false;
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && typing(event.target) && current()?.contains(event.target)) current().focus();
    if (typing(event.target)) return;
    const step = { j: 1, k: -1 }[event.key];
    if (step) move(step);
    else if (event.key === "u" && !undo.hidden) undo.requestSubmit();
    else if (!current() || !pressed(current(), event.key)) return;
    event.preventDefault();
  });

  const named = all().find((row) => `#${row.id}` === location.hash);
  mark(named || all()[0], true, { preventScroll: !named });
})();
