// Menus (<details data-menu>): one open at a time; closed by Escape (focus goes back), a click outside, or focus leaving.
const open = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) {
    if (!menu.contains(event.target) || event.target.closest("[data-opens-overlay]")) menu.open = false;
  }
});
document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details[data-menu][open]");
  if (event.key === "Escape") {
    for (const each of open()) {
      each.open = false;
      event.preventDefault();
    }
    menu?.querySelector("summary")?.focus();
    return;
  }
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key)) return;
  const items = [...menu.querySelectorAll(".menu__item")].filter((item) => item.offsetParent);
  const step = event.key === "ArrowDown" ? 1 : -1;
  const place = items.indexOf(document.activeElement);
  items[(place < 0 && step < 0 ? items.length : place + step + items.length) % items.length]?.focus();
  event.preventDefault();
});
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.("details[data-menu]") || !menu.open) return;
  menu.classList.remove("menu--up");
  const box = menu.querySelector(".menu__list").getBoundingClientRect();
  const above = menu.getBoundingClientRect().top;
  menu.classList.toggle("menu--up", box.bottom > window.innerHeight && above > box.height);
}, true);

// Selects that send their form (rows per page) when another value is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});
