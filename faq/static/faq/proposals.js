// Proposed phrasings: start, progress and Stop, and one keystroke for each decision.
(() => {
  "use strict";
  const POLL_MS = 1000;
  const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

  async function call(url, values) {
    const options = values
      ? { method: "POST", headers: { "X-CSRFToken": csrf() }, body: new URLSearchParams(values) }
      : {};
    try {
      const response = await fetch(url, options);
      const told = (response.headers.get("content-type") || "").includes("json") ? await response.json() : {};
      if (!response.ok && !told.problem) told.problem = `The server answered ${response.status}. Nothing was changed.`;
      return { ok: response.ok, ...told };
    } catch (error) {
      return { ok: false, problem: "The server cannot be reached. Nothing was changed." };
    }
  }

  function start(box) {
    const find = (name) => box.querySelector(`[data-${name}]`);
    const entry = box.dataset.entry;
    const list = find("list");
    let version = box.dataset.version;
    let timer = 0;

    const say = (text) => { find("said").textContent = text; };
    function complain(text) {
      find("problem").textContent = text;
      find("problem").hidden = !text;
    }

    // --- progress ---------------------------------------------------------------------------------
    function show(told) {
      const run = told.run;
      find("progress").hidden = !run;
      if (run) {
        const bar = find("progress").querySelector("progress");
        bar.max = run.wanted || 1;
        bar.value = run.done;
        bar.hidden = !run.active;
        find("label").textContent = run.label;
        find("cost").textContent = run.cost;
        complain(told.problem || run.error || run.note);
      }
      const active = Boolean(run && run.active);
      find("stop").hidden = !active;
      find("start").disabled = active || told.asked === 0;
      if (told.asked !== undefined) find("start").textContent = startLabel(told.asked);
      if (told.price !== undefined && find("price")) find("price").textContent = told.price;
      if (told.html !== undefined) replace(told.html);
      version = told.version;
      count(told.clear, told.waiting, active);
      clearTimeout(timer);
      timer = active ? setTimeout(poll, POLL_MS) : 0;
    }

    function startLabel(entries) {
      if (!entries) return "Propose phrasings";
      return `Propose phrasings for ${entries} ${entries === 1 ? "entry" : "entries"}`;
    }

    function recount() {
      const left = all();
      count(left.filter((each) => each.dataset.state === "open").length, left.length, timer !== 0);
    }

    function count(clear, waiting, active) {
      find("accept-all").hidden = !clear;
      find("clear").textContent = clear;
      find("keys").hidden = !waiting;
      const empty = box.parentElement.querySelector("[data-empty]");
      if (empty) empty.hidden = Boolean(waiting || active);
    }

    // The list is drawn anew while somebody works in it: the row with the focus keeps it.
    function replace(html) {
      const held = list.contains(document.activeElement) ? current() : null;
      const id = held && held.dataset.proposal;
      list.innerHTML = html; // escaped by the server
      const rows = all();
      const again = rows.find((row) => row.dataset.proposal === id);
      mark(again || rows[0], Boolean(held));
    }

    async function poll() {
      const told = await call(`${box.dataset.urlState}?${new URLSearchParams({ entry, have: version })}`);
      if (told.ok) show(told);
      else {
        complain(told.problem);
        timer = setTimeout(poll, POLL_MS * 5);
      }
    }

    async function order(url) {
      complain("");
      const told = await call(url, { entry });
      if (told.ok) show(told);
      else complain(told.problem);
      if (told.said) say(told.said);
    }

    find("start").addEventListener("click", () => {
      find("start").disabled = true;
      order(box.dataset.urlStart).then(() => {
        if (find("stop").hidden) find("start").disabled = false;
      });
    });
    find("stop").addEventListener("click", () => order(box.dataset.urlStop));
    find("accept-all").addEventListener("click", () => order(box.dataset.urlAcceptAll));

    // --- decisions --------------------------------------------------------------------------------
    const all = () => Array.from(list.querySelectorAll("[data-proposal]"));
    const current = () => list.querySelector("[data-proposal][tabindex='0']");

    function mark(row, focus) {
      all().forEach((each) => { each.tabIndex = each === row ? 0 : -1; });
      if (row && focus) row.focus();
    }

    function move(from, step) {
      const rows = all();
      const at = rows.indexOf(from) + step;
      if (rows[at]) mark(rows[at], true);
    }

    function refuse(row, told, verb) {
      const place = row.querySelector(".faq-proposal-problem");
      place.textContent = told.problem;
      place.hidden = false;
      if (told.anyway) {
        row.dataset.state = "conflict";
        recount();
      }
      if (!told.anyway || verb !== "accept") return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "faq-small-button";
      button.textContent = "Accept anyway";
      button.addEventListener("click", () => decide(row, "accept", true));
      place.append(" ", button);
    }

    async function decide(row, verb, anyway) {
      if (row.dataset.busy) return;
      row.dataset.busy = "1";
      const told = await call(box.dataset.urlDecide, {
        proposal: row.dataset.proposal, verb, anyway: anyway ? "1" : "",
      });
      delete row.dataset.busy;
      if (!told.ok) {
        refuse(row, told, verb);
        return;
      }
      const rows = all();
      const at = rows.indexOf(row);
      const focused = row.contains(document.activeElement);
      const following = rows[at + 1] || rows[at - 1];
      const text = row.querySelector(".faq-proposal-text").textContent;
      const group = row.closest(".faq-proposal-group");
      row.remove();
      if (group && !group.querySelector("[data-proposal]")) group.remove();
      mark(following, focused);
      recount();
      version = "";
      say(verb === "accept" ? `Accepted: “${text}”. It is a phrasing now.` : `Rejected: “${text}”.`);
      if (!all().length && timer === 0) poll(); // the next entries come up
    }

    const KEYS = { a: "accept", r: "reject" };
    list.addEventListener("keydown", (event) => {
      const row = event.target.closest("[data-proposal]");
      if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
      if (step) move(row, step);
      else if (KEYS[event.key]) decide(row, KEYS[event.key], false);
      else return;
      event.preventDefault();
    });
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-verb]");
      const row = event.target.closest("[data-proposal]");
      if (row && !event.target.closest("a")) mark(row, true);
      if (button) decide(row, button.dataset.verb, false);
    });
    list.addEventListener("focusin", (event) => {
      const row = event.target.closest("[data-proposal]");
      if (row && row.tabIndex !== 0) mark(row, false);
    });

    mark(all()[0], !entry);
    if (!find("stop").hidden) timer = setTimeout(poll, POLL_MS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-faq-proposals]").forEach(start);
  });
})();
