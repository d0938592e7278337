// Small helpers to build elements; text always goes in as text.

import { t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  copy: "M9 9V5a1 1 0 0 1 1-1h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-4M5 9h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1z",
  check: "M5 12.5 10 17.5 19.5 7",
  up: "M7 10.5 11 3a2.4 2.4 0 0 1 2.4 2.4V9h5a2 2 0 0 1 2 2.3l-1.2 7A2 2 0 0 1 17.2 20H7zM7 20H4v-9.5h3",
  down: "M17 13.5 13 21a2.4 2.4 0 0 1-2.4-2.4V15h-5a2 2 0 0 1-2-2.3l1.2-7A2 2 0 0 1 6.8 4H17zM17 4h3v9.5h-3",
  arrow: "M12 5v14M6 13l6 6 6-6",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
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

/** A button of a `kind` (the name of its style) that does `onclick`. */
export function button(kind, onclick, ...children) {
  return el("button", { type: "button", class: kind, onclick }, ...children);
}

/** An icon by its name, or one that a part of the page brings along as `path`. */
export function icon(name, path = ICONS[name]) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
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
  for (const link of template.content.querySelectorAll("a[href^=http]")) link.append(el("span", { class: "unseen" }, ` (${t("opens in a new tab")})`));
  return template.content;
}

/** Have something read out that a sighted visitor sees; main.js listens. */
export function tell(words) {
  document.dispatchEvent(new CustomEvent("tell", { detail: words }));
}

export function copyButton(label, text) {
  const words = el("span", {}, label);
  const button = el("button", { type: "button", class: "quiet", title: label }, icon("copy"), words);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
    } catch {
      (await import("./copying.js")).copyBySelection(text());
    }
    words.textContent = t("Copied");
    tell(t("Copied"));
    button.firstChild.replaceWith(icon("check"));
    setTimeout(() => {
      words.textContent = label;
      button.firstChild.replaceWith(icon("copy"));
    }, 2000);
  });
  return button;
}

const MOTION = window.matchMedia("(prefers-reduced-motion: reduce)");

export function reducedMotion() {
  return MOTION.matches;
}
