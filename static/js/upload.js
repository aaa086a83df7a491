/* Shows how far an upload is and lets it be stopped. Without it the same form is sent by the browser.

   Works on form[data-upload], whose value is the largest size in bytes; its other data attributes hold the texts.
   The server answers with {"url"} where the file was stored, else with the page and its errors: its form takes the
   place of this one, and keeps the chosen file. */
(() => {
  "use strict";
  const megabytes = (bytes) => (bytes / 1048576).toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 1, maximumFractionDigits: 1,
  });

  function watch(form) {
    const box = form.querySelector("[data-progress]");
    const bar = box.querySelector("progress");
    const said = box.querySelector("[data-said]");
    const stop = box.querySelector("[data-stop]");
    const send = form.querySelector("[type=submit]");
    const file = form.querySelector("[type=file]");
    let request = null;

    const say = (text) => { box.hidden = false; if (said.textContent !== text) said.textContent = text; };
    const rest = (text) => {
      request = null;
      send.disabled = false;
      bar.hidden = stop.hidden = true;
      say(text);
    };

    file.addEventListener("change", () => { box.hidden = true; form.querySelector("[data-lost-file]")?.remove(); });
    stop.addEventListener("click", () => request && request.abort());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (request) return;
      if (file.files[0] && file.files[0].size > Number(form.dataset.upload)) return rest(form.dataset.large);
      request = new XMLHttpRequest();
      request.upload.addEventListener("progress", ({ loaded, total }) => {
        bar.value = 100 * loaded / total;
        say(loaded < total
          ? form.dataset.sent.replace("{sent}", megabytes(loaded)).replace("{total}", megabytes(total))
          : form.dataset.wait);
      });
      request.addEventListener("load", () => answered(form, request) || rest(form.dataset.lost));
      request.addEventListener("error", () => rest(form.dataset.lost));
      request.addEventListener("abort", () => rest(form.dataset.stopped));
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.send(new FormData(form));
      send.disabled = true;
      bar.hidden = stop.hidden = false;
      bar.value = 0;
      say(form.dataset.sent.replace("{sent}", megabytes(0)).replace("{total}", megabytes(file.files[0]?.size || 0)));
    });
  }

  /* Goes on where the file was stored, shows the errors where it was not; false for any other answer. */
  function answered(form, request) {
    if (request.status === 200 && (request.getResponseHeader("Content-Type") || "").startsWith("application/json")) {
      location.assign(JSON.parse(request.responseText).url);
      return true;
    }
    if (request.status === 401 || new URL(request.responseURL).pathname !== new URL(form.action).pathname) {
      form.dataset.lost = form.dataset.out;
      return false;
    }
    if (request.status !== 422) return false;
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const chosen = form.querySelector("[type=file]").files;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.querySelectorAll("form[data-upload]").forEach((fresh) => {
      fresh.querySelector("[type=file]").files = chosen;
      fresh.querySelector("[data-lost-file]")?.remove();
      watch(fresh);
    });
    document.querySelector(".errsum")?.focus();
    return true;
  }

  document.querySelectorAll("form[data-upload]").forEach(watch);
})();
