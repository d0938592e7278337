// Where the reader is in the transcript: at its end and kept there, or further up and left alone.
// Nothing here asks for the layout while it is stale, but `toEnd` and `from`: what grows is followed when the browser
// has laid it out anyway, and before it paints.

const FOLLOW_PX = 80; // a reader this near to the end wants to stay there

export class Place {
  #top = 0; // where the reader was seen last
  #over = false; // whether a form below the messages is passed over: what was asked above it is being answered
  #held = null; // what stays where it is while something comes in above: [node, its distance from the top]

  /** `isWriting` says whether an answer is being written: what a reader further up is told by the pill. */
  constructor(log, pill, isWriting) {
    Object.assign(this, { log, pill, isWriting, follows: true });
    log.addEventListener("scroll", () => setTimeout(() => this.look())); // the layout is fresh then
    const observer = new ResizeObserver(() => this.#grown());
    for (const node of [log, ...log.children]) observer.observe(node);
    pill.addEventListener("click", () => {
      this.toEnd();
      log.focus({ preventScroll: true });
    });
  }

  /** See where the reader is. Only who went up has left the end: it may have grown since it was followed last. */
  look() {
    const { scrollTop } = this.log;
    const ahead = this.#end - scrollTop;
    if (Math.abs(ahead) <= FOLLOW_PX) this.follows = true;
    else if (ahead < 0 || scrollTop < this.#top) this.follows = false;
    this.#top = scrollTop;
    if (this.follows) this.pill.hidden = true;
  }

  /** Where the log ends, as its scrollTop: `begins` says that nothing was asked yet, so that it stands at its beginning. */
  get #end() {
    const { scrollHeight, clientHeight, lastElementChild } = this.log;
    return this.begins ? 0 : Math.max(0, scrollHeight - clientHeight - (this.#over ? lastElementChild.offsetHeight : 0));
  }

  toEnd(over = this.#over) {
    this.#over = over;
    this.log.scrollTop = this.#end;
    this.#top = this.log.scrollTop;
    this.follows = true;
    this.pill.hidden = true;
  }

  /** Show a node from its beginning where it is longer than the page, else the end. */
  from(node) {
    this.toEnd();
    if (!node) return;
    const hidden = this.log.getBoundingClientRect().top - node.getBoundingClientRect().top;
    if (hidden > 0) this.stay(this.log.scrollTop - hidden);
  }

  /** Leave the end for a place further up. */
  stay(top) {
    this.log.scrollTop = top;
    this.#top = this.log.scrollTop;
    this.follows = false;
  }

  /** Keep `node` where it is seen while something comes in above it: most browsers do that alone, but at the top. */
  hold(node) {
    if (this.follows || this.#held || !node) return;
    if (CSS.supports("overflow-anchor", "auto") && this.log.scrollTop > 0) return;
    this.#held = [node, node.getBoundingClientRect().top];
  }

  /** Something has another size, and the layout is fresh. */
  #grown() {
    const held = this.#held;
    this.#held = null;
    if (this.follows && this.log.scrollTop >= this.#top) return this.toEnd(); // else the reader has just gone up
    if (held) this.stay(this.log.scrollTop + held[0].getBoundingClientRect().top - held[1]);
    this.look();
    if (!this.follows && this.isWriting()) this.pill.hidden = false;
  }
}
