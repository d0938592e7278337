// The inbox: looks for news every second and a half, and sends what is written without a new page. Every form works without this.

import { Composer, FaqDialog } from "./inbox_composer.js";
import { SignedOut, announce, bare, box, find, kept, part, post } from "./inbox_page.js";
import { Thread } from "./inbox_thread.js";

const LOOK_LATE_MS = 10_000; // after a failed look; the line says so meanwhile

/** A short tone, made here: no file, and nothing that plays before somebody has switched it on. */
class Bell {
  constructor(control) {
    this.control = control;
    this.title = document.title;
    control.checked = kept.get("alert") === true;
    control.disabled = false;
    control.addEventListener("change", () => {
      kept.set("alert", control.checked);
      if (control.checked) this.#ring();
      this.mark(this.count ?? 0);
    });
  }

  mark(count) {
    this.count = count;
    document.title = this.control.checked && count > 0 ? `(${count}) ${this.title}` : this.title;
  }

  came() {
    if (this.control.checked) this.#ring();
  }

  #ring() {
    this.audio ??= new AudioContext();
    this.audio.resume().catch(() => {}); // browsers keep a page silent until it was pressed once
    const [tone, gain, at] = [this.audio.createOscillator(), this.audio.createGain(), this.audio.currentTime];
    tone.frequency.setValueAtTime(660, at);
    tone.frequency.setValueAtTime(880, at + 0.12);
    gain.gain.setValueAtTime(0.12, at);
    gain.gain.exponentialRampToValueAtTime(0.001, at + 0.35);
    tone.connect(gain).connect(this.audio.destination);
    tone.start(at);
    tone.stop(at + 0.36);
  }
}

class Inbox {
  constructor() {
    this.list = find("list");
    this.available = find("available");
    this.bell = new Bell(find("alert"));
    this.sign = box.dataset.sign;
    this.listSign = box.dataset.listSign;
    this.skew = 0;
    this.failedAt = 0;
    this.looking = null;
    this.waiting = new Set(Array.from(this.list.querySelectorAll("[aria-labelledby=inbox-waiting] [data-line]"), (each) => each.dataset.line));
    this.parts = new Map(["head", "facts"].map((name) => [name, part(name) && bare(part(name).innerHTML)]));
    if (box.dataset.open) {
      this.composer = new Composer(() => this.look());
      this.thread = new Thread((ids) => this.composer.arrived(ids));
      this.faq = new FaqDialog(this.composer);
    }
    this.#presence();
    this.bell.mark(this.waiting.size);
    this.#times();
    this.#clock();
    addEventListener("online", () => this.look());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
    document.addEventListener("keydown", (event) => this.#move(event));
    document.addEventListener("keydown", (event) => this.#shut(event));
    this.look();
  }

  #presence() {
    this.available.checked = kept.get("available") === true;
    this.available.disabled = false;
    this.available.addEventListener("change", () => {
      kept.set("available", this.available.checked);
      this.leaving = !this.available.checked;
      this.look();
    });
  }

  /** Timers of a hidden tab run once a minute, which is too seldom to count as there; those of a worker go on. */
  #clock() {
    const tick = () => { if (performance.now() - this.failedAt > LOOK_LATE_MS || this.failedAt === 0) this.look(); };
    try {
      this.worker = new Worker(box.dataset.clock);
      this.worker.onmessage = tick;
    } catch {
      setInterval(tick, 1500);
    }
  }

  /** Look once; a look that is asked for meanwhile follows. */
  look() {
    if (this.looking) {
      this.again = true;
      return;
    }
    this.looking = this.#look().finally(() => {
      this.looking = null;
      if (this.again) {
        this.again = false;
        this.look();
      }
    });
  }

  async #look() {
    const fields = { open: box.dataset.open, sign: this.sign, list: this.listSign, writing: this.composer?.isWriting ? "1" : "0" };
    if (this.available.checked) fields.available = "1";
    else if (this.leaving) fields.available = "0";
    try {
      this.#put(await post(box.dataset.news, fields));
      if (fields.available === "0") this.leaving = false;
      this.failedAt = 0;
      this.#trouble("");
    } catch (error) {
      this.failedAt = performance.now();
      this.#trouble(error instanceof SignedOut ? "You are signed out: load the page again." : "No connection. What you see may be old.");
    }
  }

  #trouble(words) {
    const place = find("trouble");
    if (place.textContent !== words) place.textContent = words;
  }

  #put(news) {
    this.skew = Date.parse(news.now) - Date.now();
    if (news.list) this.#putList(news.list);
    if (news.parts) {
      this.thread.put(news.parts.thread);
      const whole = ["head", "facts"].map((name) => this.#putPart(name, news.parts[name])).every(Boolean);
      find("seen").value = news.seen;
      this.composer.mode(news.mode);
      this.sign = whole ? news.sign : "";
    }
    this.#came(news.waiting);
    if (find("there").textContent !== news.offered) find("there").textContent = news.offered;
    this.#times();
  }

  /** Replace a part; false while a note is being written in it: it comes with the first look after that. */
  #putPart(name, html) {
    const place = part(name);
    if (this.parts.get(name) === bare(html)) return true;
    if (place.querySelector("details[open]")) return false;
    const held = document.activeElement?.closest(`[data-part="${name}"]`) && document.activeElement.value;
    place.innerHTML = html;
    this.parts.set(name, bare(html));
    if (held) (place.querySelector(`button[value="${CSS.escape(held)}"]`) ?? place.querySelector("button"))?.focus();
    return true;
  }

  #putList(html) {
    const held = document.activeElement?.closest?.("[data-line]")?.dataset.line;
    const top = this.list.scrollTop;
    this.list.innerHTML = html;
    this.list.scrollTop = top;
    this.listSign = this.list.firstElementChild.dataset.listSign;
    if (held) this.list.querySelector(`[data-line="${held}"]`)?.focus();
  }

  #came(waiting) {
    const fresh = waiting.filter((each) => !this.waiting.has(each));
    this.waiting = new Set(waiting);
    this.bell.mark(waiting.length);
    if (fresh.length === 0) return;
    this.bell.came();
    const line = this.list.querySelector(`[data-line="${fresh[0]}"]`);
    announce(fresh.length > 1 ? `${fresh.length} more visitors are waiting.` : `A visitor is waiting: ${line?.querySelector(".inbox-line-words").textContent ?? ""}`);
  }

  /** Say how long ago, by the desk's clock. */
  #times() {
    this.list.querySelectorAll("[data-since]").forEach((each) => {
      const s = Math.max(0, Math.round((Date.now() + this.skew - Date.parse(each.dateTime)) / 1000));
      const words = s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 86_400 ? `${Math.floor(s / 3600)} h` : `${Math.floor(s / 86_400)} d`;
      if (each.textContent !== words) each.textContent = words;
    });
  }

  /** Escape shuts the note of Close, and the focus goes back to the button. */
  #shut(event) {
    const opened = event.key === "Escape" && box.contains(event.target) && event.target.closest("details[open]");
    if (!opened) return;
    opened.open = false;
    opened.querySelector("summary").focus();
  }

  /** In the list the arrows go from line to line. */
  #move(event) {
    const line = document.activeElement?.closest?.("[data-line]");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!line || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = Array.from(this.list.querySelectorAll("[data-line]"));
    all[all.indexOf(line) + step]?.focus();
    event.preventDefault();
  }
}

if (box) new Inbox();
