// How do the events of a website get to Tracker, all of them and none twice, without the page noticing?
//
// An event is one entry of localStorage, under a key that is its EventID: an append is a single write and needs no lock.
// It leaves the queue when an answer was seen, never before. Sending is done by one tab at a time. An event belongs to
// the page that made it until it is ADOPT_MS old, then to whoever sends; one that is sent twice is stored once.
(() => {
  const VERSION = "1";
  const BATCH_BYTES = 6e4; // browsers carry 64 KiB for pages that are gone; the rest is for what stands around events
  const QUEUE_CHARACTERS = 5e5; // a tenth of what a site may keep
  const ADOPT_MS = 5e3;
  const QUIET_MS = 500; // a view is that of the last address of a burst; and right after pushState the title is the old one
  const MOST_CHARACTERS = 2e3; // of an address and a title
  const TIMEOUT_MS = 3e4;
  const MOST_WAIT_MS = 36e5;
  const TOKEN_MS = 2592e6; // 30 days

  const doc = document;
  const nav = navigator;
  const place = location;
  const now = Date.now;

  // Whatever a page has done to its globals, it never sees an error of ours.
  const guarded = (work) =>
    (...values) => {
      try {
        return work(...values);
      } catch (e) {}
    };
  const listen = (type, work) => addEventListener(type, guarded(work), true);

  const options = doc.currentScript.dataset;
  const start = () => {
    const name = options.lobj || "oct";
    const api = (window[name] = window[name] || {});
    if (api.v) return; // the script is there already
    api.v = VERSION;

    const prefix = "oct" + options.to.slice(-16); // lists that share an origin share no queue
    const retry = prefix + "!"; // the key of the time before which nobody sends
    const mine = { __proto__: null }; // EventID -> JSON: what this page has made and nobody has acknowledged
    const flying = { __proto__: null }; // EventID -> bytes: what is being sent
    const store = guarded(() => localStorage)() || {}; // where it is blocked: for this page alone
    // The person does not want it and the list heeds that: the page may call what it likes, and nothing follows.
    const isRefused = options.gpc && (nav.doNotTrack == 1 || nav.globalPrivacyControl);
    let isAllowed = options.consent != "wait";
    const arrived = place.search.split(/[?&]pr=([^&]{1,255})/)[1];
    let token = arrived;
    let answer = 1; // to what was sent last; 0 while there is none
    let room = BATCH_BYTES;
    let clock = 0;
    let failures = 0;
    let view = 0;
    let sum, seen, flushTimer, viewTimer, isSending, visitor, deliver;

    // A draft is kept for whoever comes after us, and not sent by us.
    const track = guarded((event, properties, more, at = now(), key = newKey(), isDraft) => {
      if (isRefused) return;
      const keys = queue();
      let size = 0;
      let dropped = 0;
      for (const key of keys) size += read(key).length;
      while (size > QUEUE_CHARACTERS) {
        const oldest = read(keys[0]);
        size -= oldest.length;
        dropped -= ~JSON.parse(oldest).Properties.$dropped; // one more than it has dropped, where nothing counts as 0
        forget(keys.shift());
      }
      const text = JSON.stringify({
        Event: event,
        Timestamp: at,
        UUID: visitor && known(), // before consent there is none: who sends it says it
        EventID: key,
        ...more,
        Properties: {
          $dropped: dropped || undefined,
          pr: token,
          $screen_height: screen.height,
          $screen_width: screen.width,
          $viewport_height: innerHeight,
          $browser_language: nav.language,
          $viewport_width: innerWidth,
          $referrer: doc.referrer,
          $timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
          $lib_version: VERSION,
          $page_title: doc.title.slice(0, MOST_CHARACTERS),
          $lib: "tracker.js",
          $current_url: address(place.href),
          ...properties,
        },
        // Half a character is no text, wherever it stands. JSON writes it as an escape, and a backslash as two.
      }).replace(/(\\\\)|\\ud.../g, "$1");
      if (!isDraft) mine[key] = text;
      if (isAllowed) {
        save(key, text);
        (deliver || flush)();
      }
    });

    const read = (key) => mine[key] || store[key] || "";
    // One entry tells who this browser is: the visitor, until when the token of a mail's link is good, the token, and a sum
    // of the address that was said last. Whoever says another one is another visitor: nobody is moved from person to person.
    const identify = () => {
      let [, until, kept, last] = (store[prefix] || "").split(" ");
      if (sum && last && last != sum) {
        forget(prefix);
        visitor = token = until = undefined;
      }
      if (arrived) {
        token = arrived;
        until = now() + TOKEN_MS;
      } else if (until > now()) token = kept;
      save(prefix, [known(), until, token, sum || last].join(" "));
    };

    const save = guarded((key, value) => (store[key] = value)); // full: it stays in `mine`
    const isDue = (key) => mine[key] || Math.abs(parseInt(key.slice(19, 27), 36) - now()) > ADOPT_MS; // ahead: by a clock that was put back
    const leave = (event) => {
      settle(1);
      if (event) deliver = sendAtOnce; // what is only hidden lives on; the page's own listeners may come after ours
      sendAtOnce();
    };

    // What stands behind a # is nobody's business but the page's, unless it is a route.
    const address = (href) => href.replace(options.hash ? /#(?![/!]).*/ : /#.*/, "").slice(0, MOST_CHARACTERS);

    const settle = (isCounted) => {
      if (view) isCounted ? record() : forget(view[1]);
      view = 0;
    };
    // A view is a draft until its title is there, at the latest when the page goes.
    const record = (isDraft) => track("page_view", { $current_url: seen }, 0, view[0], view[1], isDraft);
    // Nothing can be awaited when a page goes, neither the lock nor an answer: browsers give up what is on its way before
    // they tell us, so that is no reason to wait. What is not answered stays in the queue. A lease of our own would outlive us.
    const sendAtOnce = () => {
      if (!answer) forget(retry);
      if (isAllowed && !left()) {
        send(Object.keys(mine)).catch(() => {});
        if (!nav.locks) forget(retry);
      }
    };
    const later = (ms) => {
      clearTimeout(flushTimer);
      flushTimer = setTimeout(flush, ms);
    };

    const flush = guarded(() => {
      const work = async () => {
        while (isAllowed && !left() && (await send(queue().filter(isDue))));
        isSending = 0;
        if (queue()[0]) later(left() || ADOPT_MS);
      };
      if (!isAllowed || isSending) return;
      isSending = 1;
      // Where storage is blocked locks are refused too; there is nobody to share with then.
      (async () => nav.locks?.request(prefix, work) || work())().catch(work).catch(() => (isSending = 0));
    });

    // Send as many of these events as fit; whether they were answered. Without locks a time in the store is the lease.
    const send = async (keys) => {
      const sent = [];
      const texts = [];
      let bytes = 0;
      let isAnswered, wait;
      for (const key in flying) bytes += flying[key];
      for (const key of keys) {
        const text = read(key);
        const size = new Blob([text]).size;
        if (!size || flying[key] || (sent[0] && bytes + size > room)) continue;
        bytes += flying[key] = size;
        sent.push(key);
        texts.push(text);
      }
      if (!sent[0]) return;
      if (!nav.locks) save(retry, now() + TIMEOUT_MS);
      answer = 0;
      try {
        answer = await fetch(options.to, {
          keepalive: bytes < BATCH_BYTES,
          body: `{"UUID":"${visitor}","SentAt":${now()},"Events":[${texts}]}`,
          credentials: "omit",
          signal: AbortSignal.timeout?.(TIMEOUT_MS),
          method: "POST",
        });
        // Refused, and would be again: one of many is at fault, so each goes alone from now on.
        isAnswered = answer.ok || (/400|413|422/.test(answer.status) && ((room = 0), !sent[1]));
        wait = answer.headers.get("Retry-After") * 1e3;
        // Until it is read, its request counts among those that a browser carries.
        (await answer.json()).results?.forEach(({ Errors }, n) => Errors && console.warn(name, Errors, texts[n]));
      } catch (e) {}
      for (const key of sent) {
        if (isAnswered) forget(key);
        delete flying[key];
      }
      if (isAnswered) {
        failures = 0;
        forget(retry);
      } else save(retry, now() + Math.min(wait || (1e3 << Math.min(failures++, 8)), MOST_WAIT_MS) * (1 + Math.random() / 2));
      return isAnswered;
    };

    const newKey = () => prefix + (clock = Math.max(clock + 1, now())).toString(36) + random(); // keys keep the order
    // Who this browser is now: another tab may have changed it.
    const known = () => (visitor = (store[prefix] || "").slice(0, 36) || visitor || random());
    // What replaces a view that is not QUIET_MS old, or changes no more than its query, takes its place.
    const navigated = (how) => {
      const here = address(place.href);
      const path = here.replace(/\?[^#]*/g, "");
      if (here == seen) return;
      settle(how != "replaceState" && view[2] != path);
      seen = here;
      view = [now(), newKey(), path];
      record(1);
      clearTimeout(viewTimer);
      viewTimer = setTimeout(settle, QUIET_MS, 1);
    };
    const left = () => {
      const ms = store[retry] - now();
      return ms > 0 && 2 * MOST_WAIT_MS > ms && ms; // more is a clock that was put back
    };
    const forget = (key) => {
      delete mine[key];
      delete store[key];
    };
    // Every event that waits, whosever it is, oldest first: a key tells its time.
    const queue = () => {
      const isOurs = (key) => key.split(prefix)[1]?.[21] && !mine[key];
      return Object.keys(store).filter(isOurs).concat(Object.keys(mine)).sort();
    };

    // A UUID of version 4; without TLS, that of an address which browsers make for an empty file.
    const random = () => crypto.randomUUID?.() || URL.createObjectURL(new Blob()).slice(-36);
    api.eventP = guarded((to, properties) => {
      settle(); // the page itself says what is viewed
      track("page_view", { $current_url: address(new URL(to || "", place).href), ...properties });
    });
    api.eventI = guarded((email, properties, fields) => {
      sum = 0;
      for (const character of email || "") sum = (sum * 31 + (parseInt(character, 36) || 40)) | 0; // in any letter case
      if (isAllowed) identify();
      track("identify", properties, { Email: email, IdentifyProperties: fields });
    });
    api.eventC = (id, title, value, properties) =>
      track("conversion", { "conversion-id": id, "conversion-name": title, "conversion-value": value, ...properties });
    api.consent = guarded((isGiven) => {
      if (isRefused) return;
      isAllowed = isGiven;
      if (isGiven) {
        identify();
        for (const key in mine) save(key, mine[key]);
        flush();
      } else {
        [...queue(), prefix, retry].forEach(forget);
        visitor = token = undefined;
      }
    });

    api.eventT = (event, properties) => track(event, properties);
    const early = api.q;
    api.q = { push: ([method, values]) => api[method](...values) };
    if (isRefused) return;
    listen("pageshow", (event) => event.persisted && navigated((seen = deliver = 0)));
    listen("pagehide", leave);
    listen("online", () => {
      failures = 0;
      forget(retry);
      flush();
    });
    // Another page has sent one of ours, or has made one that may have to be sent for it.
    listen("storage", (event) => (event.newValue ? later(2 * ADOPT_MS) : delete mine[event.key]));
    listen("visibilitychange", () => doc.hidden && leave());
    listen("popstate", navigated);
    ["submit", "click"].forEach((type) =>
      listen(type, (event) => {
        const element = event.target.closest("[data-oct-event]"); // without one all ends at the next line but one
        const properties = {};
        for (const { name, value } of element.attributes) {
          const property = name.split("data-oct-prop-")[1];
          if (property) properties[property] = value;
        }
        if ((element.tagName == "FORM") ^ (type == "click")) track(element.dataset.octEvent, properties);
      }),
    );

    if (isAllowed) {
      identify();
      flush();
    }
    navigated();
    early?.forEach(api.q.push);
    ["pushState", "replaceState"].forEach((method) => {
      const original = history[method];
      history[method] = (...values) => {
        original.apply(history, values);
        guarded(navigated)(method);
      };
    });
  };
  // A page that is made in advance may never be seen.
  doc.prerendering ? listen("prerenderingchange", start) : guarded(start)();
})();
