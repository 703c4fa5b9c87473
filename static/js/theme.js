// The theme switch takes effect at once; the form is sent in the background so that the choice is remembered.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  const button = event.submitter;
  if (!form || button?.name !== "theme") return;
  event.preventDefault();
  if (button.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = button.value;
  for (const each of form.querySelectorAll("[name=theme]")) each.setAttribute("aria-pressed", String(each === button));
  const shown = form.parentElement.querySelector("summary use");
  shown?.setAttribute("href", button.querySelector("use").getAttribute("href"));
  form.parentElement.open = false;
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", button.value);
  fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
});
