// What the page says in the language of its visitor: its own words (English stands in the code, the others come with the
// page), numbers, and times as people read them.

const CATALOG = JSON.parse(globalThis.document?.querySelector("#words")?.textContent || "{}");

const LANGUAGE = globalThis.document?.documentElement.lang || "";

/** How times and numbers are written: in the reader's own kind of the page's language (en-GB); without a page the browser's. */
export const LOCALE = navigator.languages.find((tag) => tag.split("-")[0] === LANGUAGE) ?? (LANGUAGE || undefined);

/** A text in the page's language, its holes like {name} filled from `values`. */
export function t(text, values = {}) {
  return (CATALOG[text] ?? text).replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}

/** A number as the page's language writes it. */
export function number(value) {
  return value.toLocaleString(LOCALE);
}

/** Mark what stands in another language than the page: with it, and with its own direction. */
export function inLanguage(node, language) {
  if (!language || language === LANGUAGE) return;
  node.lang = language;
  node.dir = "auto";
}

// -- times, in the reader's own zone --------------------------------------------------------------

/** One format, made when it is wanted: each takes some milliseconds of a phone. */
function once(Format, options) {
  let made;
  return () => (made ??= new Format(LOCALE, options));
}

const TIME = once(Intl.DateTimeFormat, { hour: "2-digit", minute: "2-digit" });
const DAY_TIME = once(Intl.DateTimeFormat, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const DAY = once(Intl.DateTimeFormat, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** Fill a time element from an ISO time; an unknown time leaves it empty. */
export function stamp(node, iso) {
  if (!iso || node.dateTime === iso) return;
  const when = new Date(iso);
  const today = new Date().toDateString() === when.toDateString();
  node.dateTime = iso;
  node.textContent = (today ? TIME : DAY_TIME)().format(when);
}

function unit(value, name) {
  return new Intl.NumberFormat(LOCALE, { style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

/** How long to wait, as the desk says it: seconds up to a minute and a half, minutes beyond. */
export function span(seconds) {
  const whole = Math.ceil(seconds);
  return whole <= 90 ? unit(whole, "second") : unit(Math.ceil(whole / 60), "minute");
}

export function day(isoDate) {
  return DAY().format(new Date(`${isoDate}T00:00:00Z`));
}

export function moment(iso) {
  return DAY_TIME().format(new Date(iso));
}

const AGES = [[86400, "day"], [3600, "hour"], [60, "minute"]]; // seconds
const AGO = once(Intl.RelativeTimeFormat, { style: "short" });

/** How long ago an ISO time was at `now` (ms), in its largest whole unit. */
export function ago(iso, now) {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  const [size, name] = AGES.find(([each]) => seconds >= each) ?? [];
  return name ? AGO().format(-Math.floor(seconds / size), name) : t("just now");
}
