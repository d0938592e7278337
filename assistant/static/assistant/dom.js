// Small helpers to build elements; text always goes in as text.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  send: "M3.4 20.4 21 12 3.4 3.6 3.4 10.2 15 12 3.4 13.8z",
  stop: "M7 7h10v10H7z",
  copy: "M9 9V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-4M5 9h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z",
  check: "M5 12.5 10 17.5 19.5 7",
  up: "M7 10.5 11 3a2.4 2.4 0 0 1 2.4 2.4V9h5a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.2 20H7zM7 20H4v-9.5h3",
  down: "M17 13.5 13 21a2.4 2.4 0 0 1-2.4-2.4V15h-5a2 2 0 0 1-2-2.3l1.2-7A2 2 0 0 1 6.8 4H17zM17 4h3v9.5h-3",
  menu: "M5 7h14M5 12h14M5 17h14",
  arrow: "M12 5v14M6 13l6 6 6-6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
  plus: "M12 5v14M5 12h14",
  leave: "M14 4h4a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-4M10 8l-4 4 4 4M6 12h9",
  shield: "M12 3l7 3v5c0 4.5-3 8-7 10-4-2-7-5.5-7-10V6z",
  download: "M12 4v11M7 10l5 5 5-5M5 20h14",
  bin: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  retry: "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
};

/** el("p", {class: "x", onclick: f, hidden: true}, "text", child...) */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Put the icons into elements of the template that ask for one by data-icon. */
export function placeIcons(root) {
  for (const node of root.querySelectorAll("[data-icon]")) node.prepend(icon(node.dataset.icon));
}

/** Three rungs, lit from below: one for an approved answer, two for the light model, three for a larger one. */
export function rungs(lit, climbing = false) {
  const bars = [3, 2, 1].map((n) => el("i", { class: n <= lit ? "lit" : "" }));
  return el("span", { class: climbing ? "rungs climbing" : "rungs", "aria-hidden": "true" }, ...bars);
}

/** HTML that the server has sanitised, as nodes; a template element runs and loads nothing. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Without a secure context there is no clipboard object: the old way works from a selection.
  const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function copyButton(label, text) {
  const words = el("span", {}, label);
  const button = el("button", { type: "button", class: "quiet", "aria-label": label, title: label }, icon("copy"), words);
  button.addEventListener("click", async () => {
    await copyText(text());
    words.textContent = "Copied";
    button.firstChild.replaceWith(icon("check"));
    setTimeout(() => {
      words.textContent = label;
      button.firstChild.replaceWith(icon("copy"));
    }, 2000);
  });
  return button;
}

export function reducedMotion() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
