/* Rows of events: opens one in full at the side, and makes further rows like those of the page. */
"use strict";

(() => {
  const list = document.getElementById("events");
  const drawer = document.getElementById("drawer");
  const body = document.getElementById("drawer-body");
  const HOLDS = ["text", "time", "path", "each"];
  let open = null; // the row that is shown

  /** Put what `event` holds into a copy of a row: only ever as text, and paths of our own. */
  const fill = (root, event) => {
    const isOwn = (each) => [each, null].includes(each.closest("[data-each]")); // not a part of what is there several times
    const parts = (name) => [root, ...root.querySelectorAll(`[${name}]`)].filter((each) => each.hasAttribute(name) && isOwn(each));
    for (const each of parts("data-each")) {
      const [pattern] = each.children;
      each.replaceChildren(...event[each.dataset.each].map((item) => {
        const child = pattern.cloneNode(true);
        if (item.kind !== undefined) child.className = `badge ${item.kind}`;
        fill(child, item);
        return child;
      }));
    }
    const value = (key) => event[key];
    for (const each of parts("data-text")) if (value(each.dataset.text) !== undefined) each.textContent = value(each.dataset.text);
    for (const each of parts("data-path")) {
      const path = value(each.dataset.path);
      if (path === undefined) continue;
      each.setAttribute("href", path);
      each.hidden = !path;
    }
    for (const each of parts("data-time")) {
      if (value(each.dataset.time) === undefined) continue;
      each.dateTime = value(each.dataset.time);
      Tracker.time(each);
    }
  };

  const row = (event) => {
    const made = document.getElementById("event-template").content.firstElementChild.cloneNode(true);
    made.dataset.id = event.id;
    fill(made, event);
    for (const each of made.querySelectorAll("[data-path][hidden]")) each.remove();
    for (const each of made.querySelectorAll("*")) for (const kind of HOLDS) delete each.dataset[kind];
    return made;
  };

  const piece = (each) => {
    const made = document.createElement(each.time ? "time" : each.name === undefined ? "span" : "b");
    if (each.time) {
      made.dateTime = each.time;
      made.dataset.kind = "full";
      Tracker.time(made);
    } else {
      made.textContent = each.name === undefined ? each.text : each.name;
    }
    return made;
  };

  /** Why it is theirs is asked for when it is read. */
  const explain = async (link) => {
    const at = link.parentElement;
    link.textContent = "Looking up the reason…";
    try {
      at.replaceChildren(...(await Tracker.ask(link.getAttribute("href"))).Why.map(piece));
    } catch (error) {
      link.textContent = "Why is this theirs?";
      at.append(` ${error.message}`);
    }
  };

  /** The rest of an event is asked for when it is opened. */
  const read = async (chosen) => {
    let found;
    try {
      found = await Tracker.part(chosen.querySelector(".event-name").getAttribute("href"));
    } catch (error) {
      found = [error.message];
    }
    if (open !== chosen) return; // another one has been opened meanwhile
    body.replaceChildren(...found);
    const link = body.querySelector("[data-why]");
    if (link) explain(link);
  };

  const show = (chosen) => {
    open?.classList.remove("is-open");
    open = chosen;
    open.classList.add("is-open");
    document.getElementById("drawer-title").textContent = open.querySelector(".event-name").textContent;
    const flags = open.querySelector(".event-flags").cloneNode(true);
    document.getElementById("drawer-flags").replaceChildren(...flags.children);
    body.textContent = "Reading…";
    if (!drawer.open) drawer.showModal();
    drawer.scrollTop = 0;
    body.focus({ preventScroll: true });
    open.scrollIntoView({ block: "nearest" });
    read(open);
  };

  list.addEventListener("click", (click) => {
    const name = click.target.closest(".event-name");
    if (!name || !Tracker.isPlain(click)) return;
    click.preventDefault();
    show(name.closest(".event"));
  });
  drawer.addEventListener("click", (click) => {
    if (click.target === drawer) drawer.close(); // beside it
  });
  drawer.addEventListener("keydown", (key) => {
    const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[key.key];
    if (!step || key.altKey || key.ctrlKey || key.metaKey) return;
    let next = open[step];
    while (next && !next.classList.contains("event")) next = next[step];
    key.preventDefault();
    if (next) show(next);
  });
  drawer.addEventListener("close", () => {
    open.classList.remove("is-open");
    if (open.isConnected) open.querySelector(".event-name").focus();
    open = null;
  });

  window.Rows = { list, row };
})();
