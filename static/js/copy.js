// Copy buttons: [data-copy] holds the text.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  event.preventDefault();
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    const field = document.createElement("textarea"); // pages served over plain http have no clipboard
    field.value = button.dataset.copy;
    field.className = "visually-hidden";
    (button.closest("dialog") ?? document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    button.focus();
  }
  const use = button.querySelector("use");
  const drawn = use?.getAttribute("href");
  button.dataset.copied = "";
  use?.setAttribute("href", drawn.replace(/#.*$/, "#check"));
  setTimeout(() => {
    delete button.dataset.copied;
    use?.setAttribute("href", drawn.replace(/#.*$/, "#copy"));
  }, 1500);
});
