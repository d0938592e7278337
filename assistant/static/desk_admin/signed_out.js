// Sends once more what came while nobody was signed in: with the token of the new sign-in, which the form cannot know.

const form = document.querySelector("[data-resend]");
const said = form.querySelector("[data-said]");

async function token() {
  const answer = await fetch(form.dataset.home, { cache: "no-store", headers: { Accept: "text/html" } });
  if (answer.redirected || !answer.ok) return "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  said.textContent = "Sending…";
  try {
    const fresh = await token();
    if (!fresh) {
      said.textContent = "Not sent: you are still signed out. Sign in in a new tab first.";
      return;
    }
    form.querySelector("[name=csrfmiddlewaretoken]").value = fresh;
    HTMLFormElement.prototype.submit.call(form); // a field may be called submit
  } catch {
    said.textContent = "Not sent: the desk cannot be reached. Try again in a moment.";
  }
});
