/* Buttons that copy the text of a field: data-copies holds the field's id. */
"use strict";
(function () {
  function say(words) {
    const status = document.getElementById("copied");
    if (status) status.textContent = words;
  }

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const field = document.getElementById(button.dataset.copies);
    field.select();
    // Without a secure context there is no clipboard object: the selection is copied the old way.
    const copied = navigator.clipboard ? navigator.clipboard.writeText(field.value) : Promise.resolve(document.execCommand("copy"));
    copied.then(
      function () {
        button.textContent = "Copied";
        say("Copied.");
        setTimeout(function () { button.textContent = "Copy"; }, 2000);
      },
      function () { say("The browser did not copy it; it is selected, so Ctrl-C does."); }
    );
  });
})();
