/* Reports: menus that close, and arrow keys along the points of a chart. All of it works without, by Tab and by reload. */
"use strict";

(() => {
  const menus = [...document.querySelectorAll("details.menu")];
  document.addEventListener("click", (click) => {
    for (const menu of menus) if (menu.open && !menu.contains(click.target)) menu.open = false;
  });
  document.addEventListener("keydown", (key) => {
    const open = menus.find((menu) => menu.open);
    if (key.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });

  /** Values of the property that is typed in the filter form, as they are asked for. */
  const value = document.querySelector("[data-values]");
  let asked = "";
  const offer = async () => {
    const { of, property } = value.form.elements;
    if (!property.value || of.value === "person") return;
    const query = new URLSearchParams({ of: of.value, property: property.value, search: value.value });
    const path = `${value.dataset.values}&${query}`;
    if (path === asked) return;
    asked = path;
    const found = await Tracker.ask(path).catch(() => null); // what is typed is taken as well
    if (!found || path !== asked) return;
    value.list.replaceChildren(...found.Values.map((text) => Object.assign(document.createElement("option"), { value: text })));
  };
  value?.addEventListener("focus", offer);
  value?.addEventListener("input", offer);

  /** One point of a chart is a stop of Tab; the arrow keys go to the others, and what they show is said. */
  for (const group of document.querySelectorAll(".points")) {
    const points = [...group.querySelectorAll("a.point")];
    points.forEach((point, index) => point.setAttribute("tabindex", index === points.length - 1 ? "0" : "-1"));
    group.addEventListener("keydown", (key) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length }[key.key];
      if (!step || key.altKey || key.ctrlKey || key.metaKey) return;
      key.preventDefault();
      key.stopPropagation();
      const now = points.indexOf(document.activeElement);
      const next = points[Math.min(Math.max(now + step, 0), points.length - 1)];
      for (const point of points) point.setAttribute("tabindex", point === next ? "0" : "-1");
      next.focus();
      Tracker.say(next.textContent);
    });
  }
})();
