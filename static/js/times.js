// Keeps "3 minutes ago" true while a page stays open; the words are the browser's own for the page's language.
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });

setInterval(() => {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const distance = Math.trunc((Date.parse(time.dateTime) - Date.now()) / 1000);
    const [unit, length] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? UNITS[3];
    const text = words.format(Math.trunc(distance / length) || -0, unit);
    if (time.textContent !== text) time.textContent = text;
  }
}, 5000);
