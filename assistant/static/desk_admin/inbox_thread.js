// What was said, as the desk wrote it: new articles come in, changed ones are replaced, the reader stays where they are.

import { announce, bare, find, part } from "./inbox_page.js";

const NEAR_PX = 80; // whoever reads further up is not scrolled away

/** The transcript: articles come by their id, and only those that changed are replaced. */
export class Thread {
  constructor(grown) {
    this.holder = part("thread");
    this.scroll = find("scroll");
    this.more = find("new");
    this.shown = new Map(Array.from(this.holder.children, (each) => [each.id, bare(each.outerHTML)]));
    this.grown = grown;
    this.more.addEventListener("click", () => this.toEnd());
    this.following = true;
    this.scroll.addEventListener("scroll", () => {
      this.following = this.atEnd;
      if (this.following) this.more.hidden = true;
    });
    // Also when a font arrives, a window changes, or what is on its way grows the end.
    const keep = new ResizeObserver(() => { if (this.following) this.toEnd(); });
    [this.scroll, this.holder, find("pending")].forEach((each) => keep.observe(each));
    this.toEnd();
  }

  get atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < NEAR_PX;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.more.hidden = true;
  }

  put(html) {
    const follow = this.following;
    const fresh = Array.from(new DOMParser().parseFromString(html, "text/html").body.children);
    const wanted = new Set(fresh.map((each) => each.id));
    const added = [];
    Array.from(this.holder.children).forEach((each) => { if (!wanted.has(each.id)) { this.shown.delete(each.id); each.remove(); } });
    fresh.forEach((each, at) => {
      const written = bare(each.outerHTML);
      const old = this.holder.children[at];
      if (old && old.id === each.id) {
        if (this.shown.get(each.id) !== written) old.replaceWith(each);
      } else {
        this.holder.insertBefore(each, old ?? null);
        added.push(each);
      }
      this.shown.set(each.id, written);
    });
    const said = added.filter((each) => each.classList.contains("inbox-visitor") || each.classList.contains("inbox-system"));
    said.forEach((each) => announce(`${each.querySelector("b").textContent}: ${each.querySelector(".inbox-text").textContent.trim()}`));
    if (added.length > 0) this.grown(added.map((each) => each.id));
    if (follow) this.toEnd();
    else if (said.length > 0) this.more.hidden = false;
  }
}
