// Copying where the browser offers no clipboard (a page without https has none) or refuses it, as it may inside a frame of
// another site. The old way works from a selection.

export function copyBySelection(text) {
  const area = Object.assign(document.createElement("textarea"), { className: "unseen", ariaHidden: "true", value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
