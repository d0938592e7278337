// Says it in words where the chat does not start: the browser is too old for its modules, or one of them did not come.
// Old browsers must be able to read this file: no module, and nothing newer than 2015.

addEventListener("load", function () {
  // The page has loaded; in a frame one more module is on its way. main.js takes the notice away when it has started.
  setTimeout(function () {
    var notice = document.getElementById("no-start");
    if (!notice) return;
    notice.hidden = false;
    notice.lastChild.disabled = false; // a style sheet: what would do nothing is not shown
  }, 5000);
});
