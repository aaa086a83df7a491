/* Signing out takes what this browser keeps of the user's unsent rows along. Nothing goes while they only think of it. */
"use strict";
(() => {
  const form = document.querySelector("form[data-sign-out]");
  if (!form) return;
  const clear = () => {
    try {
      const own = `ntm:${form.dataset.signOut}:`;
      for (const key of Object.keys(localStorage)) if (key.startsWith(own)) localStorage.removeItem(key);
    } catch {
      // Storage is switched off, so nothing is kept.
    }
  };
  form.addEventListener("submit", () => {
    window.addEventListener("pagehide", clear, { once: true });
  });
  // Still here after the browser asked whether to leave: whoever goes on writing has not signed out.
  document.addEventListener("input", () => window.removeEventListener("pagehide", clear));
})();
