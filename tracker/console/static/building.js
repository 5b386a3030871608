/* Building: asks how far the copy is, and shows the numbers once it is there. */
"use strict";

(() => {
  const bar = document.getElementById("progress");
  const words = document.getElementById("progress-words");
  const ask = async () => {
    try {
      const { Progress } = await Tracker.ask(location.href);
      if (Progress === undefined) return location.reload();
      bar.value = Progress;
      words.textContent = `${Math.floor(Progress * 100)} %`;
    } catch (error) {
      words.textContent = error.message;
      if (error.status && error.status < 500) return undefined; // signed out, or the list is gone: nothing to wait for
    }
    return setTimeout(ask, 1000);
  };
  setTimeout(ask, 1000);
})();
