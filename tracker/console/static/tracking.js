/* Shows the page Tracking anew when something is refused, or is no more. Nothing is asked while the page is out of sight. */
"use strict";

(() => {
  const WAIT = 4000; // milliseconds between two questions
  const place = document.getElementById("tracking");
  let timer = 0, isAsking = false;

  const look = async () => {
    if (isAsking || document.hidden) return;
    isAsking = true;
    let wait = WAIT;
    try {
      const found = await Tracker.ask(place.dataset.ask);
      if (found.State !== place.dataset.state || found.Mark !== place.dataset.mark) {
        location.replace(location.pathname);
        return;
      }
    } catch (error) {
      wait = error.status === 401 || error.status === 404 ? 0 : Math.max(WAIT, (error.retry || 0) * 1000);
    }
    isAsking = false;
    clearTimeout(timer);
    if (wait) timer = setTimeout(look, wait);
  };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (!document.hidden) look();
  });
  timer = setTimeout(look, WAIT);
})();
