// Drawers and dialogs: what htmx puts into #overlay is opened as a native modal dialog (focus trap, inert page).
// Escape, the backdrop and every [data-overlay-close] close it; on a page of its own these are plain links.
const overlay = document.getElementById("overlay");
let opener = null;

const close = () => {
  overlay.querySelector("dialog")?.close();
  overlay.replaceChildren();
  if (opener?.isConnected) opener.focus();
  else if (opener?.id) document.getElementById(opener.id)?.focus();
  opener = null;
};

const reveal = () => {
  const dialog = overlay.querySelector("dialog");
  if (!dialog) return;
  if (!dialog.open) {
    dialog.showModal();
    const first = dialog.querySelector("[autofocus]") ??
      dialog.querySelector(".overlay__body :is(input:not([type=hidden], [readonly], :disabled), select, textarea)");
    (first ?? dialog.querySelector(".overlay__foot [data-overlay-close]"))?.focus();
  }
  dialog.querySelector("[aria-invalid=true]")?.focus();
};

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-opens-overlay]");
  if (link && !overlay.contains(link)) opener = link.closest("details")?.querySelector("summary") ?? link;
  if (event.target.closest("#overlay [data-overlay-close]")) {
    event.preventDefault();
    close();
  }
}, true);

let pressed = null;
overlay.addEventListener("pointerdown", (event) => { pressed = event.target; });
overlay.addEventListener("click", (event) => {
  if (event.target.localName === "dialog" && pressed === event.target) close();
});
overlay.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
}, true);
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target?.id === "overlay" || overlay.contains(event.target)) reveal();
});
document.body.addEventListener("overlay:close", close);

// A sheet that is a page of its own: Escape follows its close link.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || overlay.firstElementChild) return;
  if (document.querySelector("details.menu[open], :popover-open")) return;
  document.querySelector(".sheet [data-overlay-close]")?.click();
});
