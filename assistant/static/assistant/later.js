// Parts of the page that a usual visit does not need: fetched when they are wanted, and again where that failed.

import { button, el, icon } from "./dom.js";
import { t } from "./words.js";

export const UNFETCHED = t("This part of the page could not be loaded. Nothing is lost.");

/** Something that is fetched once; a fetch that failed is made anew by the next `get`. */
export class Part {
  #loading = null;

  constructor(fetch) {
    this.fetch = fetch;
  }

  get() {
    this.#loading ??= this.fetch().catch((error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }
}

/** Add the style sheet of a part and wait until it holds; one that does not come takes the part with it. */
export function style(url) {
  const href = String(url);
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return Promise.resolve();
  return new Promise((done, failed) => {
    const link = el("link", { rel: "stylesheet", href, onload: () => done() });
    link.addEventListener("error", () => {
      link.remove();
      failed(new TypeError(`${href} cannot be fetched`));
    });
    document.head.append(link);
  });
}

/**
 * What stands where a part should be that could not be fetched. Loading the page again is offered once a second try has
 * failed (some browsers remember a module that failed): what is written is kept over it.
 */
export function lost(again, tries, ...more) {
  const retry = tries < 2 ? button("do", again, icon("retry"), t("Retry")) : reloadButton();
  return el("div", { class: "problem", role: "alert" }, el("p", {}, UNFETCHED), retry, ...more);
}

export function reloadButton() {
  return button("do", () => window.location.reload(), t("Load again"));
}

/** The way to the team that needs neither this connection nor this script. */
export function plainPage() {
  return el("a", { class: "plain-page", href: "/person/" }, t("Write to the team without the chat"));
}
