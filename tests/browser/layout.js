// What a visitor would miss: what is wider than the window, cut off, out of reach or too small to hit (WCAG 2.5.8).
() => {
  const trouble = [];
  const unseen = (node) => node.closest(".unseen, .skip") || !node.checkVisibility({ visibilityProperty: true });
  const words = (node) => node.innerText || node.getAttribute("aria-label") || node.id;
  const name = (node) => `${node.tagName.toLowerCase()}.${node.className} "${words(node).trim().slice(0, 40)}"`;

  // What slides in is looked at where it comes to rest.
  for (const each of document.getAnimations()) if (each.effect.getComputedTiming().endTime < Infinity) each.finish();

  // What lies over the page stands for it.
  const over = [...document.querySelectorAll("dialog[open], .menu")].find((node) => node.checkVisibility());
  const root = over ?? document.body;

  for (const box of [document.scrollingElement, document.querySelector("#transcript")]) {
    const excess = box ? box.scrollWidth - box.clientWidth : 0;
    if (excess > 0) trouble.push(`scrolls sideways: ${name(box)} by ${excess}`);
  }

  // Where the page is not meant to scroll it must not be able to: the focus would push the header out of the window.
  const stray = document.scrollingElement.scrollHeight - innerHeight;
  if (getComputedStyle(document.body).overflowY === "hidden" && stray > 0) trouble.push(`the page is higher than the window by ${stray}`);

  for (const node of root.querySelectorAll("*")) {
    if (unseen(node) || node.closest("svg") || node.matches(".folded, .title, input")) continue; // a title that is cut short is whole in the conversation
    if (!["hidden", "clip"].includes(getComputedStyle(node).overflowX) || node.clientWidth < 2) continue;
    const [wide, high] = [node.scrollWidth - node.clientWidth, node.scrollHeight - node.clientHeight];
    if (wide > 1 || high > 1) trouble.push(`cuts off: ${name(node)} ${wide} x ${high}`);
  }

  const within = (value, limit) => Math.min(Math.max(value, 0), limit - 1);
  for (const node of root.querySelectorAll("button, a[href], input:not([type=hidden]), textarea, [tabindex='0']")) {
    if (unseen(node)) continue;
    node.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
    const box = node.getClientRects()[0];
    const [x, y] = [within(box.x + box.width / 2, innerWidth), within(box.y + Math.min(box.height, 40) / 2, innerHeight)];
    const hit = document.elementFromPoint(x, y);
    if (!node.contains(hit)) trouble.push(`out of reach: ${name(node)}, behind ${hit ? name(hit) : "the edge"}`);
    if (box.left < -1 || box.right > innerWidth + 1) trouble.push(`beyond the edge: ${name(node)}`);
    // Links inside a sentence are as high as its line: the rule leaves them out.
    const inline = node.matches("a, .link") && node.closest("p, li, .status") && getComputedStyle(node).display === "inline";
    if (!inline && (box.width < 24 || box.height < 24)) trouble.push(`too small: ${name(node)} ${box.width} x ${box.height}`);
  }
  return trouble;
}
