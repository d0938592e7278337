/* Draws the charts of the metrics page from the JSON beside them, and follows the example traffic. */
"use strict";

// Told apart by lightness as well as by hue; the first eight of Okabe and Ito's set, then two greys.
const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8b7fd1", "#b8a800", "#8a97a3", "#5d6b77"];
const POLL_MS = 2000;
const FIRST_FIGURES = 20; // questions after which an empty page is worth loading again

const page = document.getElementById("metrics");
let drawn = [];

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

async function follow() {
  const answer = await fetch(page.dataset.exampleUrl, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const run = await answer.json();
  const waiting = page.querySelector("[data-waiting]");
  if (!run.running || (waiting && run.played >= FIRST_FIGURES)) {
    window.location.reload();
    return;
  }
  page.querySelector("[data-played]").textContent = run.played;
  page.querySelector("#mx-progress").value = run.played;
  window.setTimeout(follow, POLL_MS);
}

if (page) {
  draw();
  // Unfold switches themes by a class on <html>; canvas colours do not follow by themselves.
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
  if ("exampleRunning" in page.dataset) window.setTimeout(follow, POLL_MS);
}
