// How a site talks to the widget; calls made before it has loaded wait in the list.
const desk = (window.SupportDesk ??= []);
const state = document.querySelector("#state");

document.querySelector("#ask").addEventListener("click", () => window.SupportDesk.push(["open"]));
desk.push(["on", "unread", ({ count }) => (state.textContent = count ? `${state.dataset.news} (${count})` : "")]);
desk.push(["on", "open", () => (state.textContent = "")]);
