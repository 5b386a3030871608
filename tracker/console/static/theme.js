/* Light or dark, before anything is drawn. */
"use strict";
try {
  const theme = localStorage.getItem("tracker-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  /* storage is blocked: as the system says */
}
