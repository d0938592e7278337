// Counts the characters of an answer and shows it as the server renders it for visitors.
(() => {
  "use strict";
  const WAIT_MS = 350; // long enough to type a word without a request for each letter

  const csrf = () => document.querySelector("input[name=csrfmiddlewaretoken]").value;

  function start(box) {
    const area = box.querySelector("textarea");
    const count = box.querySelector("[data-faq-count]");
    const preview = box.querySelector("[data-faq-preview]");
    const note = box.querySelector("[data-faq-note]");
    const kind = document.getElementById("id_kind");
    const limit = Number(box.dataset.limit);
    let timer = 0;
    let latest = 0;

    function say(text) {
      note.textContent = text;
      note.hidden = text === "";
    }

    // The limit counts code points, as the server does; String.length counts halves of an emoji.
    function showCount() {
      const length = Array.from(area.value).length;
      const limited = !kind || kind.value === "answer";
      count.textContent = limited
        ? `${length.toLocaleString("en")} of ${limit.toLocaleString("en")} characters`
        : `${length.toLocaleString("en")} characters; articles have no limit`;
      count.classList.toggle("faq-count-near", limited && length > limit * 0.9 && length <= limit);
      count.classList.toggle("faq-count-over", limited && length > limit);
      if (limited && length > limit) count.textContent += `: ${(length - limit).toLocaleString("en")} too many`;
    }

    async function show() {
      const mine = ++latest;
      if (area.value.trim() === "") {
        preview.replaceChildren();
        say("The preview appears here while you write.");
        return;
      }
      const body = new URLSearchParams({ text: area.value });
      try {
        const response = await fetch(box.dataset.previewUrl, {
          method: "POST",
          headers: { "X-CSRFToken": csrf() },
          body,
        });
        if (mine !== latest) return;
        if (!response.ok) {
          say(`No preview: the server answered ${response.status}. What you write is kept.`);
          return;
        }
        preview.innerHTML = await response.text(); // sanitised by the server, as for visitors
        say("");
      } catch (error) {
        if (mine === latest) say("No preview: the server cannot be reached. What you write is kept.");
      }
    }

    area.addEventListener("input", () => {
      showCount();
      clearTimeout(timer);
      timer = setTimeout(show, WAIT_MS);
    });
    if (kind) kind.addEventListener("change", showCount);
    showCount();
    show();
  }

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-faq-answer]").forEach(start);
  });
})();
