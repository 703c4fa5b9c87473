// Refreshes keep what the reader did: an open menu stays open, a ticked box ticked, an open dialog modal,
// and a field that is being typed into keeps its text.
const { Idiomorph } = window;

const KEPT = { open: "details, dialog", checked: "[data-keep], td > input", "data-copied": "*" };
const TYPED = "input:not([type=checkbox], [type=radio], [type=hidden]), textarea";

// Idiomorph's own ignoreActiveValue would also keep the words of a focused link or button: only a field's value is kept.
function carryTypedText(present, fresh) {
  if (present === document.activeElement && present.matches?.(TYPED) && fresh.matches?.(TYPED)) {
    fresh.value = present.value;
    if (fresh.tagName === "TEXTAREA") fresh.textContent = present.value;
    else fresh.setAttribute("value", present.value);
  }
}

if (Idiomorph) {
  Idiomorph.defaults.callbacks.beforeNodeMorphed = carryTypedText;
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) =>
    !(name in KEPT && element.matches(KEPT[name]));
}
