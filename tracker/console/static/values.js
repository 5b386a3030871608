/* Properties of an event, below its name, and sample values of a property, at the side. Without this script both are pages. */
"use strict";

(() => {
  const drawer = document.getElementById("drawer");
  const part = (name) => document.getElementById(`drawer-${name}`);

  const cell = (text, kind) => {
    const made = document.createElement("td");
    made.className = kind;
    made.textContent = text;
    return made;
  };

  const line = (each) => {
    const made = document.createElement("tr");
    made.append(cell(each.IsCut ? `${each.Value}…` : each.Value, "mono given"), cell(each.Count.toLocaleString(), "num"));
    return made;
  };

  const show = (found) => {
    part("text").textContent = found.Values.length
      ? `${found.DistinctValues.toLocaleString()} different ${found.DistinctValues === 1 ? "value" : "values"} in the last ${found.EventsRead.toLocaleString()} events of this name.`
      : "None of the last events of this name has it.";
    part("values").replaceChildren(...found.Values.map(line));
    part("table").hidden = !found.Values.length;
  };

  // A name that is opened for the first time has a link to its properties, and nothing else.
  document.addEventListener("toggle", async (toggle) => {
    const link = toggle.target.open && toggle.target.querySelector("[data-part]");
    if (!link) return;
    const at = link.parentElement;
    link.textContent = "Reading…";
    try {
      at.replaceWith(...(await Tracker.part(link.getAttribute("href"))));
    } catch (error) {
      link.textContent = "Properties";
      Tracker.say(error.message);
      at.append(` ${error.message}`);
    }
  }, true);

  document.addEventListener("click", async (click) => {
    const link = click.target.closest("[data-values]");
    if (click.target === drawer) drawer.close();
    if (!link || !Tracker.isPlain(click)) return;
    click.preventDefault();
    part("title").textContent = new URL(link.href).searchParams.get("property");
    part("text").textContent = "Reading…";
    part("table").hidden = true;
    drawer.showModal();
    try {
      show(await Tracker.ask(link.getAttribute("href")));
    } catch (error) {
      part("text").textContent = error.message;
    }
  });
})();
