// Times as people read them, in the reader's own language and zone.

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY_TIME = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** Fill a time element from an ISO time; an unknown time leaves it empty. */
export function stamp(node, iso) {
  if (!iso || node.dateTime === iso) return;
  const when = new Date(iso);
  const today = new Date().toDateString() === when.toDateString();
  node.dateTime = iso;
  node.textContent = (today ? TIME : DAY_TIME).format(when);
}

/** How long to wait, as the desk says it: seconds up to a minute and a half, minutes beyond. */
export function span(seconds) {
  const whole = Math.ceil(seconds);
  return whole <= 90 ? [whole, "s"] : [Math.ceil(whole / 60), "min"];
}

export function day(isoDate) {
  return DAY.format(new Date(`${isoDate}T00:00:00Z`));
}

export function moment(iso) {
  return DAY_TIME.format(new Date(iso));
}

const AGES = [[86400, "d"], [3600, "h"], [60, "min"]]; // seconds

/** How long ago an ISO time was at `now` (ms), in its largest whole unit. */
export function ago(iso, now) {
  const seconds = Math.max(0, (now - Date.parse(iso)) / 1000);
  const [size, unit] = AGES.find(([each]) => seconds >= each) ?? [1, ""];
  return unit ? `${Math.floor(seconds / size)} ${unit} ago` : "just now";
}
