// Draft, Shorten, Friendlier, Final version: asked for here, written by the worker, shown as a difference.
(() => {
  "use strict";
  const POLL_MS = 1000;
  const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

  // The address of the form names the entry; a new one has none.
  const entry = () => (window.location.pathname.match(/\/entry\/(\d+)\/change\//) || ["", ""])[1];
  const value = (id) => (document.getElementById(id) || { value: "" }).value;

  function start(box) {
    const find = (name) => box.querySelector(`[data-${name}]`);
    const area = box.closest("[data-faq-answer]").querySelector("textarea");
    const buttons = Array.from(box.querySelectorAll("[data-kind]"));
    let held = null;
    let timer = 0;

    async function call(url, more) {
      const body = new URLSearchParams({
        entry: entry(), present: area.value, question: value("id_question"), language: value("id_language"), ...more,
      });
      try {
        const response = await fetch(url, { method: "POST", headers: { "X-CSRFToken": csrf() }, body });
        const json = (response.headers.get("content-type") || "").includes("json");
        const told = json ? await response.json() : {};
        if (!response.ok && !told.problem) told.problem = `The server answered ${response.status}. Your text is kept.`;
        return { ok: response.ok, ...told };
      } catch (error) {
        return { ok: false, problem: "The server cannot be reached. Your text is kept." };
      }
    }

    function complain(text) {
      find("edit-problem").textContent = text || "";
      find("edit-problem").hidden = !text;
    }

    function show(told) {
      held = told.edit;
      if (told.offers !== undefined) find("offers").textContent = told.offers;
      const active = Boolean(held && held.active);
      buttons.forEach((button) => { button.disabled = active; });
      find("edit-label").textContent = active ? held.label : "";
      complain(told.problem || (held ? held.problem || held.note : ""));
      find("result").hidden = !(held && held.done);
      if (held && held.done) showResult();
      clearTimeout(timer);
      if (active) timer = setTimeout(poll, POLL_MS);
    }

    function showResult() {
      find("edit-title").textContent = held.title;
      find("edit-price").textContent = held.price;
      const warnings = held.warnings.slice();
      if (held.long && value("id_kind") === "answer") warnings.push(`the text is ${held.long} characters too long for an answer`);
      find("edit-warnings").hidden = !warnings.length;
      find("edit-warnings").querySelector("ul").replaceChildren(...warnings.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }));
      find("edit-diff").replaceChildren(...held.pieces.map(([kind, text]) => {
        const piece = document.createElement({ same: "span", gone: "del", new: "ins" }[kind]);
        piece.textContent = text;
        return piece;
      }));
      const same = held.pieces.every(([kind]) => kind === "same");
      const rests = held.rests_on.length ? `Rests on: ${held.rests_on.join(" · ")}` : "";
      find("edit-rests").textContent = same ? "Nothing would change: it is what stands in the field." : rests;
    }

    async function poll() {
      const told = await call(box.dataset.urlState);
      if (told.ok) show(told);
      else {
        complain(told.problem);
        timer = setTimeout(poll, POLL_MS * 5);
      }
    }

    async function order(kind) {
      complain("");
      buttons.forEach((button) => { button.disabled = true; });
      const told = await call(box.dataset.urlStart, { kind });
      if (told.ok) show(told);
      else {
        buttons.forEach((button) => { button.disabled = false; });
        complain(told.problem);
      }
    }

    async function decide(used) {
      const edit = held;
      if (!edit) return;
      if (used) {
        area.value = edit.output;
        area.dispatchEvent(new Event("input", { bubbles: true })); // preview, counter, unsaved changes
        area.focus();
      }
      const told = await call(box.dataset.urlDecide, { uuid: edit.uuid, used: used ? "1" : "" });
      if (!told.ok) {
        complain(told.problem);
        return;
      }
      show({ edit: null });
      find("edit-label").textContent = used ? "It is in the field. Save the form to keep it." : "";
    }

    buttons.forEach((button) => button.addEventListener("click", () => order(button.dataset.kind)));
    find("use").addEventListener("click", () => decide(true));
    find("discard").addEventListener("click", () => decide(false));
    // The difference is to what stands in the field; it follows when that is changed.
    area.addEventListener("change", () => { if (held && held.done) poll(); });
    call(box.dataset.urlState, { offers: "1" }).then((told) => (told.ok ? show(told) : complain(told.problem)));
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-faq-edit]").forEach(start);
  });
})();
