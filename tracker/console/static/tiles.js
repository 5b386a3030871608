/* Tiles of plugins: each is loaded by itself, so that one that fails or hangs leaves the page and the others alone. */
"use strict";

for (const place of document.querySelectorAll("[data-tile]")) {
  const load = async () => {
    const answer = await fetch(place.dataset.tile, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const tile = page.getElementById("tile");
    if (!tile) throw new Error(page.querySelector("h2")?.textContent || "There is no answer.");
    place.replaceChildren(...tile.childNodes);
  };
  load().catch((error) => {
    const fault = document.createElement("p");
    fault.className = "fault";
    fault.textContent = `It cannot be shown: ${error.message}`;
    place.replaceChildren(fault);
  });
}
