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
  const TITLE_MS = 200; // after pushState the title is that of the page before
  const TIMEOUT_MS = 3e4;
  const MOST_WAIT_MS = 36e5;
  const TOKEN_MS = 2592e6; // 30 days

  const page = window;
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

  guarded(() => {
    const options = doc.currentScript.dataset;
    const url = options.to;
    const name = options.lobj || "oct";
    const api = (page[name] = page[name] || {});
    if (api.v) return; // the script is there already
    api.v = VERSION;

    const prefix = "oct" + url.slice(-16); // lists that share an origin share no queue
    const retry = prefix + "!"; // the key of the time before which nobody sends
    const mine = { __proto__: null }; // EventID -> JSON: what this page has made and nobody has acknowledged
    const flying = { __proto__: null }; // EventID -> bytes: what is being sent
    let store; // localStorage, or what stands in for it where it is blocked
    // The person does not want it and the list heeds that: the page may call what it likes, and nothing follows.
    const isRefused = options.gpc && (nav.doNotTrack == 1 || nav.globalPrivacyControl);
    let isAllowed = options.consent != "wait";
    let token = /[?&]pr=([^&]{1,255})/.exec(place.search)?.[1];
    let answer = 1; // to what was sent last; 0 while there is none
    let room = BATCH_BYTES;
    let clock = 0;
    let failures = 0;
    let path, flushTimer, viewTimer, isSending, visitor, view, deliver;

    try {
      store = localStorage;
    } catch (e) {}
    store = store || {};

    // A UUID of version 4: the sum is the text 10000000-1000-4000-8000-100000000000.
    const random = () =>
      ([1e7] + -1e3 + -4e3 + -8e3 + -1e11).replace(/[018]/g, (digit) =>
        (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
      );
    const newKey = () => prefix + (clock = Math.max(clock + 1, now())).toString(36) + random(); // keys keep the order
    const save = (key, value) => {
      try {
        store[key] = value;
      } catch (e) {} // full: it stays in `mine`
    };
    const forget = (key) => {
      delete mine[key];
      delete store[key];
    };
    const read = (key) => mine[key] || store[key] || "";
    const left = () => {
      const ms = store[retry] - now();
      return ms > 0 && ms < 2 * MOST_WAIT_MS ? ms : 0; // more is a clock that was put back
    };
    const later = (ms) => {
      clearTimeout(flushTimer);
      flushTimer = setTimeout(flush, ms);
    };

    // Every event that waits, whosever it is, oldest first: a key tells its time.
    const queue = () => {
      const isOurs = (key) => key.startsWith(prefix) && key[40] && !mine[key];
      return Object.keys(store).filter(isOurs).concat(Object.keys(mine)).sort();
    };

    // One entry tells who this browser is: the visitor, until when the token of a mail's link is good, and the token.
    const identify = () => {
      const [uuid, until, kept] = (store[prefix] || "").split(" ");
      visitor = /^[-\w]{36}$/.test(uuid) ? uuid : random();
      save(prefix, visitor + (token ? ` ${now() + TOKEN_MS} ${token}` : until > now() ? ` ${until} ${(token = kept)}` : ""));
    };

    // A draft is kept for whoever comes after us, and not sent by us.
    const track = guarded((event, properties, more, at = now(), key = newKey(), isDraft) => {
      if (isRefused) return;
      const keys = queue();
      let size = 0;
      let dropped = 0;
      keys.forEach((key) => (size += read(key).length));
      while (size > QUEUE_CHARACTERS) {
        const oldest = read(keys[0]);
        size -= oldest.length;
        dropped -= ~JSON.parse(oldest).Properties.$dropped; // one more than it has dropped, where nothing counts as 0
        forget(keys.shift());
      }
      const text = JSON.stringify({
        EventID: key,
        Event: event,
        Timestamp: at,
        ...more,
        Properties: {
          pr: token,
          $browser_language: nav.language,
          $page_title: doc.title,
          $screen_width: screen.width,
          $viewport_width: innerWidth,
          $lib: "tracker.js",
          $dropped: dropped || undefined,
          $viewport_height: innerHeight,
          $referrer: doc.referrer,
          $lib_version: VERSION,
          $screen_height: screen.height,
          $current_url: place.href,
          ...properties,
        },
      });
      if (!isDraft) mine[key] = text;
      if (isAllowed) {
        save(key, text);
        (deliver || flush)();
      }
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
        answer = await fetch(url, {
          method: "POST",
          body: `{"UUID":"${visitor}","SentAt":${now()},"Events":[${texts}]}`,
          keepalive: bytes < BATCH_BYTES,
          credentials: "omit",
          signal: AbortSignal.timeout?.(TIMEOUT_MS),
        });
        // Refused, and would be again: one of many is at fault, so each goes alone from now on.
        isAnswered = answer.ok || (/400|413|422/.test(answer.status) && ((room = 0), !sent[1]));
        wait = answer.headers.get("Retry-After") * 1e3;
        await answer.text(); // until it is read, its request counts among those that a browser carries
      } catch (e) {}
      for (const key of sent) {
        delete flying[key];
        if (isAnswered) forget(key);
      }
      if (isAnswered) {
        failures = 0;
        forget(retry);
      } else save(retry, now() + Math.min(wait || 1e3 * 2 ** Math.min(failures++, 8), MOST_WAIT_MS) * (1 + Math.random() / 2));
      return isAnswered;
    };

    const isDue = (key) => mine[key] || now() - parseInt(key.slice(19, 27), 36) > ADOPT_MS;
    const flush = guarded(() => {
      const work = async () => {
        while (isAllowed && !left() && (await send(queue().filter(isDue))));
        isSending = 0;
        if (queue()[0]) later(left() || ADOPT_MS);
      };
      if (!isAllowed || isSending) return;
      isSending = 1;
      // Where storage is blocked locks are refused too; there is nobody to share with then.
      (async () => (nav.locks ? nav.locks.request(prefix, work) : work()))().catch(work).catch(() => (isSending = 0));
    });

    // A view is a draft until its title is there, at the latest when the page goes.
    const record = (isDraft) => view && track("page_view", { $current_url: view[0] }, 0, view[1], view[2], isDraft);
    const viewed = () => {
      record();
      view = 0;
    };
    const navigated = () => {
      const here = place.pathname + place.search;
      if (here == path) return;
      viewed();
      path = here;
      view = [place.href, now(), newKey()];
      record(1);
      clearTimeout(viewTimer);
      viewTimer = setTimeout(viewed, TITLE_MS);
    };
    // Nothing can be awaited when a page goes, neither the lock nor an answer: browsers give up what is on its way before
    // they tell us, so that is no reason to wait. What is not answered stays in the queue. A lease of our own would outlive us.
    const sendAtOnce = () => {
      if (!answer) forget(retry);
      if (isAllowed && !left()) {
        send(Object.keys(mine)).catch(() => {});
        if (!nav.locks) forget(retry);
      }
    };
    const leave = (event) => {
      viewed();
      if (event) deliver = sendAtOnce; // what is only hidden lives on; the page's own listeners may come after ours
      sendAtOnce();
    };

    api.eventP = guarded((to, properties) => {
      if (view) forget(view[2]); // the page itself says what is viewed
      view = 0;
      track("page_view", { $current_url: new URL(to || "", place).href, ...properties });
    });
    api.eventI = (email, properties, fields) => track("identify", properties, { Email: email, IdentifyProperties: fields });
    api.eventT = (event, properties) => track(event, properties);
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
        queue().concat(prefix, retry).forEach(forget);
        token = undefined;
      }
    });

    const early = api.q || [];
    api.q = { push: ([method, values]) => api[method](...values) };
    if (isRefused) return;
    listen("popstate", navigated);
    listen("pageshow", (event) => event.persisted && navigated((path = deliver = 0)));
    listen("pagehide", leave);
    listen("visibilitychange", () => doc.hidden && leave());
    listen("online", () => {
      failures = 0;
      forget(retry);
      flush();
    });
    // Another page has sent one of ours, or has made one that may have to be sent for it.
    listen("storage", (event) => (event.newValue ? later(2 * ADOPT_MS) : delete mine[event.key]));
    ["submit", "click"].forEach((type) =>
      listen(type, (event) => {
        const element = event.target.closest("[data-oct-event]");
        if (!element) return;
        const properties = {};
        for (const { name, value } of element.attributes)
          if (name.startsWith("data-oct-prop-")) properties[name.slice(14)] = value;
        if ((element.tagName == "FORM") == (type == "submit")) track(element.dataset.octEvent, properties);
      }),
    );

    if (isAllowed) {
      identify();
      flush();
    }
    doc.prerendering ? listen("prerenderingchange", navigated) : navigated();
    early.forEach(api.q.push);
    ["pushState", "replaceState"].forEach((method) => {
      const original = history[method];
      history[method] = function () {
        const result = original.apply(this, arguments);
        guarded(navigated)();
        return result;
      };
    });
  })();
})();
