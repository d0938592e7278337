// Gives names to what the admin's theme leaves without one, for who listens to a page instead of looking at it: the
// main part, areas that scroll, fields in tables, and columns that have no heading. docs/accessibility.md lists it all.

(() => {
  "use strict";

  const unseen = (text) => {
    const node = document.createElement("span");
    node.className = "desk-unseen";
    node.textContent = text;
    return node;
  };
  const words = (node) => (node?.textContent ?? "").replace(/\s+/g, " ").trim();

  /** Areas that scroll by the theme's script are regions, which all have the same name unless they are given one. */
  const areas = () => {
    const count = {};
    for (const node of document.querySelectorAll("[data-simplebar]")) {
      const heading = words(node.closest("fieldset")?.querySelector("h2"));
      const name = node.closest("#nav-sidebar-apps") ? "Menu" : heading || (node.querySelector("#result_list") ? "List" : "More");
      count[name] = (count[name] ?? 0) + 1;
      node.dataset.simplebarAriaLabel = count[name] > 1 ? `${name} ${count[name]}` : name;
    }
  };

  /** A field in a table is named by its column, and by the first words of its row. */
  const fields = (table) => {
    const columns = [...table.querySelectorAll("thead th")];
    for (const column of columns) if (!words(column)) column.append(unseen(table.id === "result_list" ? "Order" : "Delete"));
    for (const field of table.querySelectorAll("tbody :is(input, select, textarea):not([type=hidden])")) {
      if (field.labels?.length || field.ariaLabel) continue;
      const cell = field.closest("td, th");
      const column = cell?.dataset.label || words(columns[cell?.cellIndex]?.querySelector("span > span"));
      const row = words(field.closest("tr")?.querySelector("th a, td a"));
      if (column) field.ariaLabel = row ? `${column}, ${row}` : column;
      describe(field, columns[cell?.cellIndex]);
    }
  };

  /** What a column has to say stands in a mark's title, which no field can point at. */
  const describe = (field, column) => {
    const described = field.getAttribute("aria-describedby");
    if (!described || document.getElementById(described)) return;
    const mark = column?.querySelector("[title]");
    if (!mark) return field.removeAttribute("aria-describedby");
    const id = `${column.closest("table").id}-${column.cellIndex}-help`;
    if (!document.getElementById(id)) column.append(Object.assign(unseen(mark.title), { id }));
    field.setAttribute("aria-describedby", id);
  };

  const tables = () => document.querySelectorAll("#result_list, table.formset").forEach(fields);

  /** Parts of a form, and the menu beside a field, are navigations: by their names one is told from the other. */
  const navigations = () => {
    document.querySelectorAll("#main form nav").forEach((nav) => (nav.ariaLabel ??= "Parts of the form"));
    // The theme keeps these menus in a template until it has moved them to the end of the page.
    const kept = [...document.querySelectorAll("template")].map(({ content }) => content);
    for (const menu of [document, ...kept].flatMap((part) => [...part.querySelectorAll("nav[id^=related-widget-wrapper-]")])) {
      const field = document.getElementById(menu.id.replace("related-widget-wrapper-", "id_"));
      menu.ariaLabel = `${words(field?.labels?.[0]) || field?.ariaLabel || "Field"}, more`;
    }
  };

  /** The parts of a form are opened by links that lead nowhere: the keyboard would not come to them. */
  const openers = () => {
    const all = [...document.querySelectorAll("#main form nav a:not([href])")];
    const mark = (open) => all.forEach((each) => (each.ariaPressed = String(each === open)));
    for (const opener of all) {
      Object.assign(opener, { role: "button", tabIndex: 0 });
      opener.addEventListener("click", () => mark(opener));
      opener.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        opener.click();
      });
    }
    if (all.length) mark(all.find((each) => each.classList.contains("active")) ?? all[0]);
  };

  /** The menu has some thirty stops, on each page anew: the first one leads past it. */
  const skip = () => {
    if (!document.querySelector("#nav-sidebar-apps")) return;
    document.body.prepend(Object.assign(document.createElement("a"), { href: "#main", className: "desk-skip", textContent: "Skip the menu" }));
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("#main")?.setAttribute("role", "main");
    document.querySelector("#nav-sidebar-inner")?.setAttribute("aria-label", "Menu"); // forms have a second one
    skip();
    areas();
    tables();
    navigations();
    openers();
  });
  document.addEventListener("formset:added", () => {
    tables();
    navigations();
  });
})();
