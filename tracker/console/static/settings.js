/* Names of zones and currencies to choose from, as the browser knows them, and its own zone to take over. */
"use strict";

(() => {
  const field = document.getElementById("Timezone");
  const button = document.getElementById("here");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

  const fill = (id, kind) => {
    const names = Intl.supportedValuesOf ? Intl.supportedValuesOf(kind) : [];
    document.getElementById(id).replaceChildren(
      ...names.map((name) => Object.assign(document.createElement("option"), { value: name })),
    );
  };

  const show = () => {
    button.hidden = !here || field.value === here;
  };

  fill("zones", "timeZone");
  fill("currencies", "currency");
  button.textContent = `Use ${here}, the zone of this browser`;
  button.addEventListener("click", () => {
    field.value = here;
    show();
    field.focus();
  });
  field.addEventListener("input", show);
  show();
})();
