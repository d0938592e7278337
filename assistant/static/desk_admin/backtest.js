// Keeps the figures of a run that goes on fresh, and shows the whole page once it is over.
(() => {
  "use strict";
  const POLL_MS = 2000;

  async function look(box) {
    try {
      const response = await fetch(location.href);
      if (!response.ok) throw new Error(`the server answered ${response.status}`);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelector("[data-backtest]");
      if (!fresh || !("open" in fresh.dataset)) {
        location.reload();
        return;
      }
      if (fresh.querySelectorAll("[data-part]").length !== box.querySelectorAll("[data-part]").length) {
        location.reload();
        return;
      }
      for (const part of box.querySelectorAll("[data-part]")) {
        const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
        // What somebody has the keyboard on, or has opened, is left alone.
        if (other && !part.contains(document.activeElement) && !part.open && part.innerHTML !== other.innerHTML) {
          part.replaceWith(other);
        }
      }
    } catch {
      // The next look tells; what is shown stays.
    }
    setTimeout(() => look(box), POLL_MS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.querySelector("[data-backtest][data-open]");
    if (box) setTimeout(() => look(box), POLL_MS);
  });
})();
