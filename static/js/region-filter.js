// Searches the region switcher: every word typed must occur in the region's id or name.
const narrow = (box) => {
  const words = box.querySelector("[data-region-input]").value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const area of box.querySelectorAll("[data-region-area]")) {
    let here = 0;
    for (const row of area.querySelectorAll("[data-region]")) {
      const text = row.dataset.region.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      here += row.hidden ? 0 : 1;
    }
    area.hidden = here === 0;
    found += here;
  }
  box.querySelector("[data-region-none]").hidden = found > 0;
};

for (const box of document.querySelectorAll("[data-region-filter]")) {
  const input = box.querySelector("[data-region-input]");
  input.addEventListener("input", () => narrow(box));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    box.querySelector("[data-region]:not([hidden]) a")?.click();
  });
  box.closest("details").addEventListener("toggle", (event) => {
    if (event.target.open) input.focus();
  });
}
