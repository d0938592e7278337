/* Draws the charts of the metrics page from the JSON beside them, and keeps its figures fresh. */
"use strict";

// Told apart by lightness as well as by hue; the first eight of Okabe and Ito's set, then two greys.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8b7fd1", "#b8a800", "#8a97a3", "#5d6b77"];
const POLL_MS = 2000;
const REFRESH_MS = 10000; // the figures are at most this old while requests come in, and the page no older

const page = document.getElementById("metrics");
let drawn = [];
let shown = new Map(); // part -> the HTML that the server wrote for it
let refreshing = 0;
let following = 0;

function ink() {
  const style = getComputedStyle(page);
  return { text: style.getPropertyValue("--mx-dim").trim(), line: style.getPropertyValue("--mx-line").trim(), accent: style.getPropertyValue("--mx-accent").trim() };
}

function dollars(value) {
  if (value === 0) return "$0";
  return "$" + (value >= 0.1 ? value.toFixed(2) : Number(value.toPrecision(2)).toString());
}

function options(colours, stacked, format, legend) {
  const axis = { ticks: { color: colours.text, maxRotation: 0, autoSkipPadding: 12 }, grid: { color: colours.line }, border: { color: colours.line } };
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: "index", intersect: false },
    scales: {
      x: { ...axis, stacked, grid: { display: false } },
      y: { ...axis, stacked, beginAtZero: true, ticks: { ...axis.ticks, callback: format, maxTicksLimit: 6 } },
    },
    plugins: {
      legend: { display: legend, position: "bottom", labels: { color: colours.text, boxWidth: 12, boxHeight: 12 } },
      tooltip: { filter: (item) => item.raw !== null && item.raw !== 0, callbacks: { label: (item) => `${item.dataset.label}: ${format(item.raw)}` } },
    },
  };
}

function bars(data, name) {
  return data.routes
    .filter((route) => route[name].some((value) => value))
    .map((route) => ({ label: route.name, data: route[name], backgroundColor: COLOURS[route.colour % COLOURS.length], maxBarThickness: 40 }));
}

function plots(data, colours) {
  const whole = (value) => (Number.isInteger(value) ? value.toLocaleString("en") : "");
  const seconds = (ms) => `${(ms / 1000).toLocaleString("en", { maximumFractionDigits: 2 })} s`;
  return {
    requests: { type: "bar", data: { labels: data.labels, datasets: bars(data, "requests") }, options: options(colours, true, whole, true) },
    cost: { type: "bar", data: { labels: data.labels, datasets: bars(data, "cost") }, options: options(colours, true, dollars, true) },
    hours: data.hours && {
      type: "bar",
      data: { labels: data.hours.labels, datasets: [{ label: "Requests", data: data.hours.requests, backgroundColor: colours.accent, maxBarThickness: 40 }] },
      options: options(colours, false, whole, false),
    },
    first_text_p95: {
      type: "line",
      data: {
        labels: data.labels,
        datasets: [{ label: "All routes", data: data.first_text_p95, borderColor: colours.accent, backgroundColor: colours.accent, borderWidth: 2, pointRadius: 3, tension: 0 }],
      },
      options: options(colours, false, seconds, true),
    },
  };
}

function draw() {
  const source = document.getElementById("mx-drawn");
  if (!source || typeof Chart === "undefined") return;
  drawn.forEach((chart) => chart.destroy());
  const all = plots(JSON.parse(source.textContent), ink());
  drawn = [...page.querySelectorAll("canvas[data-plot]")].map((canvas) => new Chart(canvas, all[canvas.dataset.plot]));
}

/* A part as the server wrote it, without the token of its form, which is another one every time. */
function written(part) {
  return part.outerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1");
}

function partsOf(live) {
  return [...live.querySelectorAll(":scope > [data-part]")];
}

function note(live) {
  shown = new Map(partsOf(live).map((part) => [part.dataset.part, written(part)]));
}

/* Puts `fresh` where `old` is; what the reader had unfolded, scrolled to or stood on stays so. */
function put(fresh, old) {
  const pairs = (selector) => {
    const after = fresh.querySelectorAll(selector);
    return [...old.querySelectorAll(selector)].map((one, place) => [one, after[place]]).filter(([, other]) => other);
  };
  pairs("details").forEach(([was, is]) => (is.open = was.open));
  const scrolled = pairs(".mx-scroll").map(([was, is]) => [is, was.scrollLeft]);
  const focused = pairs("a, button, summary, [tabindex]").find(([was]) => was === document.activeElement);
  old.replaceWith(fresh);
  scrolled.forEach(([is, left]) => (is.scrollLeft = left));
  if (focused) focused[1].focus({ preventScroll: true });
}

function renew(live) {
  const old = page.querySelector("[data-live]");
  const before = partsOf(old);
  const after = partsOf(live);
  const names = (parts) => parts.map((part) => part.dataset.part).join();
  const charts = shown.get("charts") + shown.get("busiest");
  if (names(before) === names(after)) {
    after.forEach((part, place) => {
      if (written(part) === shown.get(part.dataset.part)) return;
      shown.set(part.dataset.part, written(part));
      put(document.importNode(part, true), before[place]);
    });
  } else {
    note(live);
    put(document.importNode(live, true), old);
  }
  const now = page.querySelector("[data-live]");
  now.toggleAttribute("data-example-running", live.hasAttribute("data-example-running"));
  if (now !== old || shown.get("charts") + shown.get("busiest") !== charts) draw();
}

function stale(words) {
  let line = page.querySelector("[data-stale]");
  if (!words) {
    if (line) line.remove();
    return;
  }
  if (!line) {
    line = document.createElement("p");
    line.className = "mx-note mx-warn";
    line.dataset.stale = "";
    line.setAttribute("role", "status");
    page.querySelector("[data-live]").before(line);
  }
  if (line.textContent !== words) line.textContent = words;
}

/* Fetches this page again. A reader who has marked text keeps it until the mark is gone. */
async function refresh() {
  window.clearTimeout(refreshing);
  if (!document.hidden && window.getSelection().isCollapsed) {
    try {
      const answer = await fetch(window.location.href, { headers: { Accept: "text/html" } });
      const live = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (live) renew(live);
      stale(live ? "" : answer.redirected ? "You are signed out, so these figures stand still. Load the page again." : `These figures stand still: the desk answered ${answer.status}.`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // what fetch throws when nobody answers
      stale("These figures stand still: the desk cannot be reached. They go on as soon as it can.");
    }
    follow();
  }
  refreshing = window.setTimeout(refresh, REFRESH_MS);
}

/* While example traffic plays, its bar moves between two refreshes as well. */
function follow() {
  window.clearTimeout(following);
  if (page.querySelector("[data-example-running]")) following = window.setTimeout(step, POLL_MS);
}

async function step() {
  try {
    const answer = await fetch(page.dataset.exampleUrl, { headers: { Accept: "application/json" } });
    const run = answer.ok ? await answer.json() : null;
    const bar = page.querySelector("#mx-progress");
    if (run && bar) {
      page.querySelector("[data-played]").textContent = run.played;
      bar.value = run.played;
    }
    if (run && !run.running) {
      await refresh();
      return;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // nobody answers; the refresh says so
  }
  follow();
}

if (page) {
  note(page.querySelector("[data-live]"));
  draw();
  // Unfold switches themes by a class on <html>; canvas colours do not follow by themselves.
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  refreshing = window.setTimeout(refresh, REFRESH_MS);
  follow();
}
