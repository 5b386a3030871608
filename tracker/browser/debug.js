// What does Tracker do on this page? Loaded by the snippet's first line on ?oct=… and where a page before has kept such a word. The
// script waits meanwhile: it is started from here, unless own visits are left out.
// The bar stands in a shadow root with a style sheet of its own, so the page's styles and its own leave each other alone.
(() => {
  const begin = () => {
    const script = document.querySelector("script[data-to]");
    const name = script?.dataset.lobj || "oct";
    const to = script?.dataset.to || "";
    const api = window[name] || {};
    const prefix = "oct" + to.slice(-16);
    let store = {};
    try {
      store = localStorage;
    } catch {} // blocked: then nothing is remembered either
    const kept = "oct:own"; // the snippet's first line looks at it too
    const remember = (word) => {
      if (word) store[kept] = word;
      else delete store[kept];
    };
    const word = new URLSearchParams(location.search).get("oct");
    const asked = ["on", "off", "debug"].includes(word) ? word : "";
    if (asked) remember(asked == "on" ? "" : asked);
    const mode = asked || store[kept];
    const isOff = mode == "off" || mode == "debug-off";
    const isKept = mode == "debug" || mode == "debug-off"; // the bar stays from page to page
    const start = () => {
      if (isOff) {
        api.q = { push() {} };
        return;
      }
      if (!script || api.v !== 1) return; // it is there already
      delete api.v;
      const copy = document.createElement("script");
      for (const { name, value } of script.attributes) copy.setAttribute(name, value);
      copy.nonce = script.nonce;
      document.head.append(copy);
    };
    if (!asked && !isKept) {
      start();
      return;
    }
    const part = (tag, text = "", more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

    const style = new CSSStyleSheet();
    style.replaceSync(`
      :host { all: initial; position: fixed; inset: auto 0 0 0; z-index: 2147483647; }
      section { box-sizing: border-box; max-height: 40vh; overflow: auto; padding: 8px 12px; font: 13px/1.5 system-ui, sans-serif; color: #eef; background: #1b1c2b; }
      header { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; }
      button { font: inherit; color: inherit; background: #3a3c5c; border: 0; border-radius: 4px; padding: 2px 10px; cursor: pointer; }
      ol { margin: 6px 0 0; padding: 0; list-style: none; font-family: ui-monospace, monospace; font-size: 12px; }
      li { overflow-wrap: anywhere; border-top: 1px solid #33354f; padding: 2px 0; }
      .bad { color: #ff9d9d; } .good { color: #9fe3b0; }
    `);
    const host = part("div");
    const root = host.attachShadow({ mode: "closed" });
    root.adoptedStyleSheets = [style];
    const bar = part("section");
    bar.setAttribute("aria-label", "Tracker debug bar");
    root.append(bar);
    const head = part("header");
    const told = part("ol");
    bar.append(head, told);

    const say = (text, kind = "") => {
      told.prepend(part("li", text, { className: kind }));
      while (told.children.length > 50) told.lastChild.remove();
    };
    const go = (word) => {
      remember(word);
      location.assign(location.href.replace(/([?&])oct=\w+&?/, "$1").replace(/[?&](#|$)/, "$1"));
    };
    const states = Object.fromEntries(["queue", "answer", "consent", "own"].map((key) => [key, head.appendChild(part("span"))]));
    const show = () => {
      const waiting = Object.keys(store).filter((key) => key.split(prefix)[1]?.[21]).length;
      states.queue.textContent = `Queue: ${waiting}`;
      const waits = script?.dataset.consent == "wait" ? "waits for oct.consent(true)" : "not asked for";
      const signal = navigator.globalPrivacyControl || navigator.doNotTrack == 1;
      const heeded = script?.dataset.gpc ? ", heeded: nothing is sent" : ", not heeded";
      states.consent.textContent = `Consent: ${waits} · GPC: ${signal ? "on" + heeded : "off"}`;
      states.own.textContent = isOff ? "Own visits: left out" : "Own visits: counted";
    };
    states.answer.textContent = "Last answer: none yet";
    head.append(part("button", isOff ? "Count my visits" : "Leave my visits out", {
      onclick: () => go((isKept ? "debug" : "") + (isOff ? "" : isKept ? "-off" : "off")),
    }));
    head.append(part("button", "Close", { onclick: () => { if (isKept) remember(isOff ? "off" : ""); host.remove(); } }));
    if (!script) say("There is no script with data-to on this page.", "bad");

    document.addEventListener("securitypolicyviolation", (event) =>
      say(`Content-Security-Policy: ${event.violatedDirective} blocks ${event.blockedURI}`, "bad"),
    );
    const answered = async (body, reply) => {
      const events = JSON.parse(body).Events;
      try {
        const answer = await reply;
        states.answer.textContent = `Last answer: ${answer.status}`;
        const results = (await answer.clone().json().catch(() => ({}))).results;
        events.forEach((event, n) => {
          const errors = results?.[n]?.Errors?.map((row) => row.Message).join("; ");
          const isGood = answer.ok && !errors;
          say(`${isGood ? "stored" : errors || `not taken (${answer.status})`}: ${event.Event} ${JSON.stringify(event.Properties)}`, isGood ? "good" : "bad");
        });
      } catch (error) {
        states.answer.textContent = "Last answer: none, the request failed";
        say(`${error.message}: ${events.length} events wait`, "bad");
      }
      show();
    };
    // Only what goes to Tracker is looked at; the page's own requests pass as they are.
    window.fetch = new Proxy(window.fetch, {
      apply(target, self, values) {
        const reply = Reflect.apply(target, self, values);
        if (to && values[0] === to) answered(values[1].body, reply);
        return reply;
      },
    });
    document.body.append(host);
    show();
    setInterval(show, 500);
    start();
  };
  // The tag with data-to stands below the first line.
  document.readyState == "loading" ? addEventListener("DOMContentLoaded", begin) : begin();
})();
