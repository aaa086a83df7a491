/* Makes the review page quicker: keys from point to point, items raised without a way to the server, and the further
   pages of a paper. Without it the page works by its buttons and links alone.

   A point is [data-point]; a paper that can be looked at is details[data-preview] with the picture of its first page. */
"use strict";
(() => {
  const form = document.getElementById("review");
  if (!form) return;

  // Keys. Always with Alt, so that nobody who types or speaks sets them off.

  const FIELDS = "select, textarea, button, a[href], input:not([type=hidden])";
  const points = [...document.querySelectorAll("[data-point]")];
  const keys = document.getElementById("keys");
  if (keys) keys.hidden = false;

  /** The point the focus is in, or the last one above it; -1 before all of them. */
  const here = () => {
    const active = document.activeElement;
    return points.filter((point) => point.contains(active) || point.compareDocumentPosition(active) & 4).length - 1;
  };

  const go = (step) => {
    const from = here();
    const isInside = from >= 0 && points[from].contains(document.activeElement);
    const point = points[step < 0 && from >= 0 && !isInside ? from : from + step];
    if (!point) return;
    const field = point.querySelector("select") || point.querySelector(FIELDS);
    (field || point).focus({ preventScroll: true });
    point.scrollIntoView({ block: "start" });
  };

  document.addEventListener("keydown", (event) => {
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const save = document.querySelector("[form=review][value=save]");
    const act = { KeyJ: () => go(1), KeyK: () => go(-1), KeyS: save && (() => save.click()) }[event.code];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // A link into something folded opens it, also in browsers that do not by themselves.

  const unfold = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    for (let box = target; box; box = box.parentElement) if (box.tagName === "DETAILS") box.open = true;
    if (target) target.scrollIntoView();
  };
  window.addEventListener("hashchange", unfold);
  if (location.hash) unfold();

  // An item on what the button stands beside

  const about = form.elements.about;
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[value^='raise:']");
    if (!button || !about) return;
    event.preventDefault();
    about.value = button.value.slice("raise:".length);
    form.elements.text.focus();
  });

  // Papers

  const failed = (box) => {
    box.hidden = true;
    box.closest("details").classList.add("no-picture");
  };

  for (const paper of document.querySelectorAll("details[data-preview]")) {
    const box = paper.querySelector(".pages");
    const first = box.querySelector("img");
    first.addEventListener("error", () => failed(box));
    first.addEventListener(
      "load",
      async () => {
        const answer = await fetch(first.src).catch(() => null); // from the browser's cache, for its header
        const last = answer && answer.ok ? Number(answer.headers.get("Pages")) : 1;
        for (let page = 2; page <= last; page += 1) {
          const further = first.cloneNode();
          further.src = first.src.replace(/\d+\/$/, `${page}/`);
          further.alt = `${box.getAttribute("aria-label")}, ${page}/${last}`;
          box.append(further);
        }
      },
      { once: true },
    );
  }
})();
