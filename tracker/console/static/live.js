/* The live view: new events come by server-sent events and are put on top. */
"use strict";

(() => {
  const MOST_ROWS = 300, MOST_SEEN = 5000, SAY_EVERY = 10000, BACKOFF = [1000, 2000, 5000, 10000, 30000];
  const { list, row } = Rows;
  const part = (name) => document.getElementById(name);
  const pause = part("pause"), waiting = part("waiting"), older = part("older-link");
  const seen = new Set([...list.children].map((each) => each.dataset.id));
  let source = null, lastId = "", timer = 0, tries = 0, isPaused = false, isOver = false;
  let queue = [], queued = 0, isDrawing = false, isRenaming = false, toSay = 0, saidAt = 0;

  const state = (kind, word, text = "") => {
    part("state").hidden = false;
    part("state-dot").className = `dot ${kind}${kind === "good" ? " is-alive" : ""}`;
    if (part("state-word").textContent !== word) part("state-word").textContent = word;
    part("state-text").textContent = text;
  };
  const live = () => (isPaused ? state("warn", "Paused") : state("good", "Live"));

  // Rows

  const isOlder = (one, other) => one.length < other.length || (one.length === other.length && one < other);

  /** Ids are numbers in the order in which events came, too large for a script to count with. A gap has none: it stays
      above what came before it, so that what comes later stands above the gap. */
  const put = (made, isNew) => {
    let newer = null;
    for (const each of list.children) {
      if (!each.dataset.id) continue;
      if (!isOlder(made.dataset.id, each.dataset.id)) break;
      newer = each;
    }
    if (isNew) made.classList.add("is-new");
    if (newer) newer.after(made);
    else list.prepend(made);
  };

  const remember = (id) => {
    if (seen.has(id)) return false;
    seen.add(id);
    if (seen.size > MOST_SEEN) seen.delete(seen.values().next().value);
    return true;
  };

  /** Somebody has become known: rows of nobody's events, as far as they are theirs now, get the name. */
  const rename = async () => {
    isRenaming = true;
    try {
      for (const event of (await Tracker.ask(path("rows", {}))).events) {
        const old = list.querySelector(`[data-id="${event.id}"]`);
        if (event.personPath && old && !old.querySelector(".event-person") && !old.matches(".is-open")) old.replaceWith(row(event));
      }
    } catch {
      /* they stay as they were */
    }
    isRenaming = false;
  };

  const isNamed = (event) => event.personPath && list.querySelector(`.event-who > [href$="/visitors/${event.uuid}"]`);

  /** What is pushed out at the end is not asked for again: from there on one begins at the newest. */
  const trim = (isCut) => {
    if (!isCut && list.children.length <= MOST_ROWS) return;
    while (list.children.length > MOST_ROWS) list.lastElementChild.remove();
    older.dataset.cursor = "";
    older.setAttribute("href", location.pathname + location.search);
    older.textContent = "Start again from the newest";
    part("older").hidden = false;
  };

  const told = () => {
    list.hidden = !list.children.length;
    part("none").hidden = !list.hidden;
  };

  const gap = (text) => {
    const made = document.createElement("li");
    made.className = "gap";
    made.textContent = text;
    list.prepend(made);
    told();
  };

  const draw = () => {
    isDrawing = false;
    if (isPaused) return;
    const left = queued - queue.length;
    if (left > 0) gap(`${left.toLocaleString()} more came than are shown here.`);
    const isDue = queue.some(isNamed);
    for (const event of queue) put(row(event), true);
    toSay += queued;
    [queue, queued] = [[], 0];
    trim(left > 0);
    told();
    if (isDue && !isRenaming) rename();
    if (toSay && Date.now() - saidAt > SAY_EVERY) {
      Tracker.say(`${toSay} new ${toSay === 1 ? "event" : "events"}`);
      [toSay, saidAt] = [0, Date.now()];
    }
  };

  const wait = () => {
    waiting.hidden = !(isPaused && queued);
    waiting.textContent = `Show ${queued.toLocaleString()} new ${queued === 1 ? "event" : "events"}`;
  };

  const take = (event) => {
    if (!remember(event.id)) return;
    queue.push(event);
    queued += 1;
    if (queue.length >= MOST_ROWS) queue.shift(); // the gap that tells of it takes a row
    wait();
    if (isDrawing || isPaused) return;
    isDrawing = true;
    requestAnimationFrame(draw);
  };

  // The connection

  const path = (name, more) => {
    const asked = new URLSearchParams();
    if (list.dataset.event) asked.set("event", list.dataset.event);
    for (const [key, value] of Object.entries(more)) if (value) asked.set(key, value);
    return `${list.dataset[name]}?${asked}`;
  };

  const stop = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };

  const over = (word, text, link) => {
    isOver = true;
    stop();
    state("bad", word, text);
    pause.hidden = true;
    if (!link) return;
    const made = document.createElement("a");
    made.href = link;
    made.textContent = "Sign in again";
    part("state-text").append(" ", made);
  };

  /** Why a connection is refused is not told to an EventSource: ask in another way. */
  const refused = async () => {
    stop();
    state("warn", "Reconnecting");
    const abort = new AbortController();
    try {
      const headers = { Accept: "text/event-stream" };
      const answer = await fetch(path("events", { after: lastId }), { headers, cache: "no-store", signal: abort.signal });
      const said = answer.ok ? "" : (await answer.json()).Text;
      if (answer.status === 401) return over("Stopped", "You are signed out.", list.dataset.signIn);
      if (answer.status === 403 || answer.status === 404) return over("Stopped", said);
      if (said) state("warn", "Waiting", said);
    } catch {
      /* the server cannot be reached, or said nothing that can be read */
    }
    abort.abort();
    timer = setTimeout(connect, BACKOFF[Math.min(tries++, BACKOFF.length - 1)]);
    return undefined;
  };

  /** Between the page and the connection something may have come. */
  const catchUp = async () => {
    try {
      for (const event of (await Tracker.ask(path("rows", {}))).events.reverse()) take(event);
    } catch {
      /* what comes from now on is shown all the same */
    }
  };

  const connect = () => {
    stop();
    if (document.hidden || isOver) return;
    source = new EventSource(path("events", { after: lastId }));
    source.addEventListener("open", () => {
      tries = 0;
      live();
      if (!lastId) catchUp();
    });
    source.addEventListener("tracked", (message) => {
      lastId = message.lastEventId;
      take(JSON.parse(message.data));
    });
    source.addEventListener("skipped", (message) => {
      const { Count } = JSON.parse(message.data);
      gap(Count === null ? "Some events arrived while this page was disconnected, and are not shown here." : `${Count.toLocaleString()} events arrived too fast to be shown here.`);
    });
    source.addEventListener("unavailable", () => state("warn", "Waiting", "The database is unavailable. Trying again."));
    source.addEventListener("available", live);
    source.addEventListener("error", () => {
      if (source?.readyState === EventSource.CLOSED) refused();
      else state("warn", "Reconnecting");
    });
  };

  // What one can do

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.textContent = isPaused ? "Resume" : "Pause";
    live();
    wait();
    if (!isPaused) draw();
  });
  waiting.addEventListener("click", () => {
    pause.click();
    list.focus();
  });

  older.addEventListener("click", async (click) => {
    if (!older.dataset.cursor || list.children.length + 50 > MOST_ROWS || !Tracker.isPlain(click)) return;
    click.preventDefault();
    const word = older.textContent;
    older.textContent = "Loading…";
    try {
      const page = await Tracker.ask(path("rows", { cursor: older.dataset.cursor }));
      const first = page.events[0];
      for (const event of page.events) if (remember(event.id)) put(row(event), false);
      older.dataset.cursor = page.cursor || "";
      older.setAttribute("href", `${location.pathname}?${path("rows", { cursor: page.cursor }).split("?")[1]}`);
      part("older").hidden = !page.cursor;
      told();
      Tracker.say(`${page.events.length} older events`);
      if (first) list.querySelector(`[data-id="${first.id}"]`)?.querySelector(".event-name").focus({ preventScroll: true });
    } catch (error) {
      Tracker.say(error.message);
    }
    if (older.textContent === "Loading…") older.textContent = word;
  });

  // Browsers have few connections to one server: a page out of sight gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (isOver) return;
    if (document.hidden) stop();
    else if (!source) connect();
  });
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (shown) => shown.persisted && connect());

  pause.hidden = false;
  state("warn", "Connecting");
  connect();
})();
