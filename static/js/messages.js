// Messages can be closed; a request that fails in the background says so in the same live region.
const region = () => document.getElementById("messages");

const say = (text) => {
  const sprite = document.querySelector(".icon use")?.getAttribute("href").split("#")[0];
  const box = document.createElement("div");
  box.className = "callout callout--error";
  box.dataset.floating = "";
  const words = document.createElement("div");
  words.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button";
  button.dataset.closeMessage = "";
  button.setAttribute("aria-label", region().dataset.close);
  button.innerHTML = `<svg class="icon icon--s" aria-hidden="true"><use href="${sprite}#close"></use></svg>`;
  box.append(words, button);
  region().querySelector("[data-floating]")?.remove();
  region().append(box);
};

document.addEventListener("click", (event) => {
  event.target.closest("[data-close-message]")?.closest(".callout").remove();
});
// A refresh that nobody asked for stays silent: it is repeated anyway.
const asked = (event) => !/^(every|load|havip:)/.test(event.detail.requestConfig?.triggeringEvent?.type ?? "every");
document.body.addEventListener("htmx:sendError", (event) => asked(event) && say(region().dataset.offline));
document.body.addEventListener("htmx:timeout", (event) => asked(event) && say(region().dataset.offline));
document.body.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) window.location.reload();
  else if (asked(event)) say(event.detail.xhr.status >= 500 ? region().dataset.fault : region().dataset.refused);
});
