/* What every page does: colours, times in the reader's zone, copy buttons. Pages' own scripts use `Tracker`. */
"use strict";

const Tracker = {
  /** Write every <time> below `root` in the reader's zone. Call it for what a script has added. */
  times(root = document) {
    for (const each of root.querySelectorAll("time[datetime]")) Tracker.time(each);
  },

  time(element) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime())) return;
    const whole = at.toLocaleString(undefined, { dateStyle: "long", timeStyle: "medium" });
    const kind = element.dataset.kind;
    if (kind === "day") element.textContent = at.toLocaleDateString(undefined, { dateStyle: "medium" });
    else if (kind === "full") element.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    else element.textContent = Tracker.ago(at);
    element.title = whole;
  },

  ago(at) {
    const seconds = Math.round((at - Date.now()) / 1000);
    const steps = [["second", 1, 60], ["minute", 60, 60], ["hour", 3600, 24], ["day", 86400, 30]];
    if (Math.abs(seconds) < 5) return "just now";
    for (const [unit, length, most] of steps) {
      const count = Math.trunc(seconds / length);
      if (Math.abs(count) < most) return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(count, unit);
    }
    return at.toLocaleDateString(undefined, { dateStyle: "medium" });
  },

  /** Whether a click on a link is ours to answer, and not one that opens another tab or window. */
  isPlain(click) {
    return !(click.ctrlKey || click.metaKey || click.shiftKey);
  },

  /** Tell those who listen to the page. */
  say(text) {
    document.getElementById("said").textContent = text;
  },

  /** Ask a JSON route of the page; rejects with an Error that has `status` and, if we said one, a sentence to show. */
  async ask(path) {
    const answer = await fetch(path, { headers: { Accept: "application/json" }, cache: "no-store" }).catch(() => null);
    const body = (await answer?.json().catch(() => null)) ?? {};
    if (answer?.ok) return body;
    const retry = Number(answer?.headers.get("Retry-After")) || 0;
    throw Object.assign(new Error(body.Text || "Tracker could not be reached."), { status: answer?.status, retry });
  },

  /** Ask for a part of a page, as the server writes it; rejects as `ask` does. */
  async part(path) {
    const found = new DOMParser().parseFromString((await Tracker.ask(path)).Html, "text/html").body;
    Tracker.times(found);
    return [...found.childNodes];
  },
};
window.Tracker = Tracker;

/** On a narrow window the tabs are a strip: the present one is where it is seen. */
const strip = document.querySelector(".tabs");
const present = strip?.querySelector("[aria-current]");
const showPresent = () => {
  if (present) strip.scrollLeft = present.offsetLeft - strip.offsetLeft - (strip.clientWidth - present.offsetWidth) / 2;
};
showPresent();
window.addEventListener("resize", showPresent);

(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const word = document.getElementById("theme-word");
  const names = { system: "Auto", light: "Light", dark: "Dark" };
  const now = () => root.dataset.theme || "system";
  const show = () => {
    word.textContent = names[now()];
    button.setAttribute("aria-label", `Colours: ${names[now()]}. Change`);
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const next = { system: "light", light: "dark", dark: "system" }[now()];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    try {
      localStorage.setItem("tracker-theme", next);
    } catch {
      /* storage is blocked: it holds for this page */
    }
    show();
  });
  show();
})();

(() => {
  const copy = async (element) => {
    const text = element.value === undefined ? element.textContent : element.value;
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    getSelection().selectAllChildren(element); // plain HTTP on another host: browsers keep the clipboard closed
    if (!document.execCommand("copy")) throw new Error("not copied");
    getSelection().removeAllRanges();
    return undefined;
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const word = button.textContent;
    button.hidden = false;
    button.setAttribute("aria-label", `Copy: ${button.dataset.what}`);
    button.addEventListener("click", async () => {
      try {
        await copy(document.getElementById(button.dataset.copy));
        button.textContent = "Copied";
      } catch {
        getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
        button.textContent = "Press Ctrl+C";
      }
      Tracker.say(button.textContent);
      setTimeout(() => (button.textContent = word), 2000);
    });
  }
})();

// Keys: a letter or digit does what the element that names it in data-key does. They can be turned off, since they may be
// in the way of speech input, and they are silent wherever something is typed.
(() => {
  const off = document.querySelector("[data-keys-off]");
  const read = () => {
    try {
      return localStorage.getItem("tracker-keys") !== "off";
    } catch {
      return true; // storage is blocked
    }
  };
  let isOn = read();
  const label = () => off && (off.textContent = isOn ? "Turn keys off" : "Turn keys on");
  if (off) {
    off.hidden = false;
    off.addEventListener("click", () => {
      isOn = !isOn;
      try {
        localStorage.setItem("tracker-keys", isOn ? "on" : "off");
      } catch {
        /* storage is blocked: it holds for this page */
      }
      label();
      Tracker.say(isOn ? "Keys are on" : "Keys are off");
    });
    label();
  }
  document.addEventListener("keydown", (key) => {
    if (!isOn || key.ctrlKey || key.metaKey || key.altKey || key.defaultPrevented) return;
    if (key.target.closest("input, select, textarea, dialog, [role=region], [contenteditable]")) return;
    const search = key.key === "/" && document.querySelector("main [type=search]");
    const found = search || document.querySelector(`[data-key="${CSS.escape(key.key.toLowerCase())}"]`);
    if (!found) return;
    key.preventDefault();
    if (search) return search.focus();
    if (found.tagName !== "DETAILS") return found.click();
    found.open = !found.open;
    found.querySelector(found.open ? "input:not([type=hidden]), select, a" : "summary")?.focus();
    return undefined;
  });
})();

// The list switcher: without this script it leads to the page of all lists.
(() => {
  const link = document.querySelector("[data-lists]");
  if (!link) return;
  let menu = null;
  const close = () => {
    menu?.remove();
    menu = null;
    link.setAttribute("aria-expanded", "false");
  };
  link.setAttribute("aria-expanded", "false");
  link.addEventListener("click", async (click) => {
    if (!Tracker.isPlain(click)) return;
    click.preventDefault();
    if (menu) return close();
    const lists = (await Tracker.ask(link.dataset.lists).catch(() => null))?.Lists;
    if (!lists) return location.assign(link.href);
    menu = document.createElement("ul");
    menu.className = "switch-menu";
    for (const { Name, Path } of [...lists, { Name: "All lists", Path: link.getAttribute("href") }]) {
      const item = document.createElement("a");
      item.textContent = Name;
      item.setAttribute("href", Path);
      menu.appendChild(document.createElement("li")).appendChild(item);
    }
    link.after(menu);
    link.setAttribute("aria-expanded", "true");
    return menu.querySelector("a").focus();
  });
  document.addEventListener("click", (click) => menu && !menu.parentElement.contains(click.target) && close());
  document.addEventListener("keydown", (key) => {
    if (key.key !== "Escape" || !menu) return;
    close();
    link.focus();
  });
})();

Tracker.times();
setInterval(() => document.hidden || Tracker.times(), 15000);

// What is shown once came as the answer to a form: to reload the page is not to send the form again.
if (document.querySelector("[data-once]")) history.replaceState(null, "", location.pathname);
