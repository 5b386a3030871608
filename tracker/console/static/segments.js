/* The form of a segment: each sentence has only the fields that it needs, and the people are counted while it is written. Without
   this script all fields are there, and a button counts. */
"use strict";

(() => {
  const form = document.querySelector("[data-count]");
  const size = document.getElementById("size");
  const names = [...document.querySelectorAll("#names option")];
  const kinds = { did: "events", "did-not": "events", field: "fields", in: "segments", "not-in": "segments" };

  const fit = (row) => {
    const what = row.querySelector("[name^=what]").value;
    const has = (name) => row.querySelector(`[name^=${name}]`);
    for (const part of row.querySelectorAll(".of-event")) part.hidden = kinds[what] !== "events";
    row.querySelector(".of-did").hidden = what !== "did" && !has("property").value;
    row.querySelector(".of-value").hidden = !(what === "field" || (what === "did" && has("property").value));
    has("value").hidden = has("how").value.endsWith("set");
    document.getElementById("names").replaceChildren(...names.filter((name) => name.dataset.kind === kinds[what]));
  };

  const element = (kind, text, className) => Object.assign(document.createElement(kind), { textContent: text, className });
  const show = ({ Words, Fault, Examples }) => {
    size.replaceChildren();
    if (Fault) size.append(element("span", Fault, "fault"));
    else if (Words) size.append(element("strong", `= ${Words}`, ""));
    if (Examples?.length) size.append(element("span", `, e.g. ${Examples.join(", ")}`, "muted given"));
  };

  let waiting, asked;
  const count = async () => {
    const path = `${form.dataset.count}?${new URLSearchParams(new FormData(form))}`;
    if (path === asked) return;
    asked = path;
    const found = await Tracker.ask(path).catch((error) => ({ Fault: error.message }));
    if (path === asked) show(found);
  };
  form.addEventListener("input", (input) => {
    const row = input.target.closest(".segment-row");
    if (row) fit(row);
    clearTimeout(waiting);
    waiting = setTimeout(count, 400);
  });
  form.addEventListener("focusin", (focus) => {
    const row = focus.target.closest(".segment-row");
    if (row) fit(row);
  });
  document.querySelectorAll(".segment-row").forEach(fit);
})();
