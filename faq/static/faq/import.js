// Shows how far an import is, and opens the next page when it is there.
(() => {
  "use strict";
  const POLL_MS = 1000;

  function start(box) {
    const token = box.querySelector("input[name=csrfmiddlewaretoken]").value;
    const bar = box.querySelector("progress");
    const told = box.querySelector("[data-import-told]");

    async function look() {
      try {
        const response = await fetch(box.dataset.importProgress, {
          method: "POST",
          headers: { "X-CSRFToken": token },
        });
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        const now = await response.json();
        if (now.state !== box.dataset.state) {
          location.reload();
          return;
        }
        if (now.state === "storing") {
          bar.max = now.total || 1;
          bar.value = now.done;
          told.textContent = `${now.done.toLocaleString("en")} of ${now.total.toLocaleString("en")} rows`;
        }
      } catch (error) {
        told.textContent = `No news (${error.message}); asking again. What is stored stays stored.`;
      }
      setTimeout(look, POLL_MS);
    }
    setTimeout(look, POLL_MS);
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-import-progress]").forEach(start);
  });
})();
