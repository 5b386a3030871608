/* Turns the setup page's status by itself when an event arrives. Nothing is asked while the page is out of sight. */
"use strict";

(() => {
  const WAITING = 1500, RECEIVED = 10000; // milliseconds between two questions
  const part = (name) => document.getElementById(`status-${name}`);
  const status = document.getElementById("status");
  let at = status.dataset.at, timer = 0, isAsking = false;

  const tell = (text) => {
    if (part("title").textContent === text) return;
    part("title").textContent = text;
    Tracker.say(text);
  };

  const show = () => {
    part("dot").className = `dot is-alive ${at ? "good" : "warn"}`;
    part("fault").hidden = true;
    part("waiting").hidden = Boolean(at);
    part("received").hidden = !at;
    tell(at ? "An event has been received" : "Waiting for the first event");
    if (!at) return;
    const time = document.createElement("time");
    time.dateTime = at;
    Tracker.time(time);
    part("at").replaceChildren(time);
  };

  const fail = (error) => {
    part("dot").className = "dot bad";
    part("fault").textContent = error.message;
    part("fault").hidden = false;
  };

  const ask = async () => {
    if (isAsking || document.hidden) return;
    isAsking = true;
    let wait;
    try {
      at = (await Tracker.ask(status.dataset.ask)).LastEventTrackedAt || "";
      show();
      wait = at ? RECEIVED : WAITING;
    } catch (error) {
      fail(error);
      wait = error.status === 401 || error.status === 404 ? 0 : Math.max(3000, (error.retry || 0) * 1000);
    }
    isAsking = false;
    clearTimeout(timer);
    if (wait) timer = setTimeout(ask, wait);
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) ask();
  });
  ask();
})();
