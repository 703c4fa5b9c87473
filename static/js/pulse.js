// Watches the team's pulse and says "havip:changed" on <body> whenever it moves; refreshable elements listen for that.
// Only while the tab is visible: every second, every five seconds after five quiet minutes, slower while the network is away.
const QUICK = 1000;
const SLOW = 5000;
const QUIET_AFTER = 5 * 60 * 1000;
const LONGEST = 30000;

const url = document.body.dataset.pulseUrl;
let etag = document.body.dataset.pulseEtag ?? null;
let changedAt = Date.now();
let failures = 0;
let timer = 0;
let busy = false;

const pause = () => {
  if (failures) return Math.min(LONGEST, QUICK * 2 ** failures);
  return Date.now() - changedAt > QUIET_AFTER ? SLOW : QUICK;
};

const again = (delay) => {
  clearTimeout(timer);
  timer = document.hidden ? 0 : setTimeout(look, delay);
};

async function look() {
  if (busy) return;
  busy = true;
  try {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch(url, { headers, cache: "no-store", redirect: "error", credentials: "same-origin" });
    if ([401, 403, 404].includes(answer.status)) return; // signed out, or no longer a member: the next click says so
    failures = answer.ok || answer.status === 304 ? 0 : failures + 1;
    if (answer.ok) {
      const seen = answer.headers.get("ETag");
      if (etag && seen !== etag) {
        changedAt = Date.now();
        document.body.dispatchEvent(new CustomEvent("havip:changed", { bubbles: true }));
      }
      etag = seen;
    }
  } catch {
    failures += 1;
  } finally {
    busy = false;
  }
  again(pause());
}

if (url) {
  document.addEventListener("visibilitychange", () => again(0));
  again(0);
}
