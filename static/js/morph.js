// Refreshes keep what the reader did: an open menu stays open, a ticked box ticked, an open dialog modal,
// and a field that is being typed into keeps its text.
const { Idiomorph } = window;

const KEPT = { open: "details, dialog", checked: "[data-keep], td > input", "data-copied": "*" };

if (Idiomorph) {
  Idiomorph.defaults.ignoreActiveValue = true;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
    !(name in KEPT && element.matches(KEPT[name]));
}
