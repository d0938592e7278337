/* Rule form: offer only the comparisons that fit the chosen signal, and a value only where one is read.
   Rule list: after a drag the rules are numbered from 1, and the last one is last. */
"use strict";
(function () {
  function field(row, name) {
    return row.querySelector('[name$="-' + name + '"]');
  }

  function chosen(select) {
    return select && select.selectedIndex >= 0 ? select.options[select.selectedIndex] : null;
  }

  function choicesFor(input, choices) {
    const id = input.id + "-choices";
    let list = document.getElementById(id);
    if (!list) {
      list = document.createElement("datalist");
      list.id = id;
      input.after(list);
      input.setAttribute("list", id);
    }
    list.replaceChildren(
      ...choices.filter(Boolean).map(function (choice) {
        const option = document.createElement("option");
        option.value = choice;
        return option;
      })
    );
  }

  function fit(row) {
    const signal = field(row, "signal");
    const operator = field(row, "operator");
    const value = field(row, "value");
    const spec = chosen(signal);
    if (!spec || !operator || !value) return;
    const allowed = (spec.dataset.operators || "").split(" ").filter(Boolean);
    Array.from(operator.options).forEach(function (option) {
      const fits = !option.value || !allowed.length || allowed.includes(option.value);
      option.hidden = option.disabled = !fits;
    });
    const current = chosen(operator);
    if (current && current.disabled) operator.value = allowed.length === 1 ? allowed[0] : "";
    const takes = chosen(operator);
    const unused = Boolean(takes && takes.dataset.noValue);
    value.classList.toggle("desk-unused", unused);
    value.readOnly = unused;
    if (unused) value.value = "";
    value.placeholder = {
      number: "a number", text: "words, with commas between", choice: "one of the choices",
      pattern: "a pattern, as inv-[0-9]+", time: "Mon-Fri 09:00-17:30; Sat, Sun",
      claim: "a word, a number, yes or no",
    }[spec.dataset.type] || "";
    value.inputMode = spec.dataset.type === "number" ? "decimal" : "text";
    choicesFor(value, (spec.dataset.choices || "").split("|"));
  }

  function rowOf(element) {
    return element.closest("tr.form-row") || element.closest(".form-group");
  }

  // Between the rows stands how they are joined: "and" within an alternative, "or" before the next one.
  function join() {
    let before = null;
    document.querySelectorAll("#conditions-group tr.form-row:not(.empty-form)").forEach(function (row) {
      const group = field(row, "group");
      const cell = field(row, "signal");
      if (!group || !cell) return;
      let word = row.querySelector(".desk-join");
      if (!word) {
        word = document.createElement("span");
        cell.closest("td").firstElementChild.prepend(word);
      }
      word.className = "desk-join";
      word.textContent = before === null ? "if" : before === group.value ? "and" : "or";
      if (word.textContent === "or") word.classList.add("desk-join-or");
      before = group.value;
    });
  }

  // Unfold numbers from 0 when a row is dropped; this listener comes after its own.
  document.addEventListener("end", function (event) {
    const list = event.target.closest("#result_list");
    if (!list) return;
    const mark = list.querySelector("[data-locked]");
    if (mark) list.append(mark.closest("tbody"));
    list.querySelectorAll('td.field-position input[name$="-position"]').forEach(function (input, place) {
      input.value = place + 1;
    });
  });

  document.addEventListener("change", function (event) {
    const name = event.target.name || "";
    if (/-(signal|operator)$/.test(name)) fit(rowOf(event.target));
    if (/-group$/.test(name)) join();
  });
  document.addEventListener("formset:added", function (event) {
    const signal = field(event.target, "signal");
    if (signal) fit(rowOf(signal));
    join();
  });
  document.addEventListener("formset:removed", join);
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll('select[name$="-signal"]').forEach(function (select) {
      fit(rowOf(select));
    });
    join();
  });
})();
