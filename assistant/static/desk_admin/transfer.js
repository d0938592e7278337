/* A running transfer test: the page is fetched again every two seconds, and the parts that changed are replaced. */
(() => {
  "use strict";
  const POLL_MS = 2000;
  const page = document.querySelector("[data-transfer]");
  if (!page) return;
  const parts = (root) => Array.from(root.querySelectorAll("[data-part]"));
  const shown = new Map(parts(page).map((part) => [part.dataset.part, part.outerHTML])); // as the server wrote them

  // What somebody has opened or closed stays as it is.
  function keepFolds(old, fresh) {
    const before = [old, ...old.querySelectorAll("details")];
    [fresh, ...fresh.querySelectorAll("details")].forEach((each, at) => {
      if (each.tagName === "DETAILS" && before[at] && before[at].tagName === "DETAILS") each.open = each.open || before[at].open;
    });
  }

  function put(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    parts(fresh).forEach((part) => {
      const name = part.dataset.part;
      const old = page.querySelector(`[data-part="${name}"]`);
      const written = part.outerHTML.replace(/name="csrfmiddlewaretoken" value="[^"]*"/, "");
      if (!old || shown.get(name) === written || old.contains(document.activeElement)) return;
      shown.set(name, written);
      keepFolds(old, part);
      old.replaceWith(part);
    });
  }

  async function poll() {
    try {
      const answer = await fetch(location.href, { headers: { "X-Requested-With": "fetch" } });
      if (answer.ok) put(await answer.text());
    } catch (error) { /* the next one may come through */ }
    follow();
  }

  function follow() {
    if (page.querySelector("[data-active]")) setTimeout(poll, POLL_MS);
  }
  follow();
})();
