// The REST API's page: the interactive description takes the place of the plain list, and follows the console's theme.
const root = document.documentElement;
const place = document.getElementById("rest-page");
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

// Its own dark pictures go by this class; every colour is the console's (css/rest-page.css).
function followTheme() {
  const isDark = root.dataset.theme ? root.dataset.theme === "dark" : systemIsDark.matches;
  root.classList.toggle("dark-mode", isDark);
}

// What its markup leaves without a name, for those who do not see what stands beside it.
function giveNames() {
  for (const field of place.querySelectorAll("tr[data-param-name] :is(select, textarea, input):not([aria-label])")) {
    field.setAttribute("aria-label", field.closest("tr").dataset.paramName);
  }
  for (const choice of place.querySelectorAll("select.examples-select-element:not([aria-label])")) {
    choice.setAttribute("aria-label", place.dataset.exampleLabel);
  }
  for (const body of place.querySelectorAll("textarea.body-param__text:not([aria-label])")) {
    body.setAttribute("aria-label", place.dataset.bodyLabel);
  }
  place.querySelector(".close-modal:not([aria-label])")?.setAttribute("aria-label", place.dataset.closeLabel);
  // The page has its main part already.
  place.querySelector("main:not([role])")?.setAttribute("role", "group");
}

// The page says above what the interface is. A link inside of a button, as it would draw a path, cannot be reached by everybody.
const parts = ({ React }) => ({
  components: {
    InfoContainer: () => null,
    DeepLink: ({ text }) => React.createElement("span", null, text),
  },
});

if (place && window.SwaggerUIBundle) {
  followTheme();
  systemIsDark.addEventListener("change", followTheme);
  new MutationObserver(followTheme).observe(root, { attributeFilter: ["data-theme"] });
  new MutationObserver(giveNames).observe(place, { childList: true, subtree: true });
  window.SwaggerUIBundle({
    url: place.dataset.schemaUrl,
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    persistAuthorization: false,
    presets: [window.SwaggerUIBundle.presets.apis],
    plugins: [parts],
    layout: "BaseLayout",
    syntaxHighlight: { activated: false },
    validatorUrl: null,
  });
}
