// The REST API's page: the interactive description takes the place of the plain list.
const place = document.getElementById("rest-page");
if (place && window.SwaggerUIBundle) {
  window.SwaggerUIBundle({
    url: place.dataset.schemaUrl,
    domNode: place,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    persistAuthorization: false,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    validatorUrl: null,
  });
}
