/* Saves the rows of a writing page while somebody writes. Without it the page works by its buttons alone.

   A row is data-row="PREFIX" in form#rows, its fields are PREFIX-…, one of them the hidden PREFIX-row_version. Inside
   stand data-state (how it is, in words of <template id="words">) and data-errors="FIELD"; data-slot="NAME" anywhere
   is a part of the page that a saved row changes.

   What must hold: no text changes under somebody's hands; one request a row is under way, the latest text goes after
   it; what is not saved is in localStorage under user, report, row and row version. */
"use strict";
(() => {
  const form = document.getElementById("rows");
  const words = document.getElementById("words");
  if (!form || !words || !window.fetch || !window.AbortController) return;

  const PAUSE = 2000; // after the last key
  const MINUTE = 60000;
  const PATIENCE = 20000; // until an answer counts as lost
  const shelf = `ntm:${form.dataset.user}:${form.dataset.report}:`;
  const rows = new Map();
  let stopped = ""; // why nothing is sent now: "signed-out" or "closed"
  let through = false; // a held submit is let through
  let sending = false; // the whole page is on its way
  const saved = new Set(); // the rows saved so far, for the word after the whole page is sent

  // What a row says

  const isTick = (field) => /^(radio|checkbox)$/.test(field.type);

  /** The fields of a row, but for its version. */
  const fields = (row, scope = form.elements) =>
    [...scope].filter(
      ({ name, type }) =>
        name.startsWith(`${row.prefix}-`) && !name.endsWith("-row_version") && !/^(submit|button|file)$/.test(type),
    );
  const versionOf = (row, scope = row.element) => scope.querySelector(`input[name="${row.prefix}-row_version"]`);

  const optionOf = (field) => [...field.options].find((option) => option.defaultSelected) || field.options[0];

  /** [name, text] of every field, as a form would send them; `initial`: as the page came. */
  const pairs = (row, initial) => {
    const said = [];
    for (const field of fields(row)) {
      let text = initial ? field.defaultValue : field.value;
      if (isTick(field)) {
        if (!(initial ? field.defaultChecked : field.checked)) continue;
        text = field.value;
      } else if (field.options) {
        text = (initial ? optionOf(field) || field : field).value;
      }
      said.push([field.name, text.replace(/\r?\n/g, "\r\n")]);
    }
    return said;
  };

  /** What was filled in, for comparing: a field that is empty and one that is not there say the same. */
  const filled = (row, initial) => pairs(row, initial).filter((pair) => pair[1] !== "");
  const content = (row, initial) => JSON.stringify(filled(row, initial));

  const isUnsaved = (row) => content(row) !== row.saved;
  const waits = (row) => content(row) !== row.answered;
  const rowOf = (element) => rows.get((element.closest("[data-row]") || { dataset: {} }).dataset.row);
  const all = () => [...rows.values()];

  // How it is, in words

  const word = (name) => words.content.querySelector(`[data-word="${name}"]`).cloneNode(true);

  /** Say how the row is; what needs attention is read aloud too. */
  const show = (row, name, at = "", sentence = "") => {
    if (!row.state || (row.shown === name && name !== "saved")) return;
    row.shown = name;
    row.state.replaceChildren();
    if (!name) return;
    const said = word(name);
    for (const place of said.querySelectorAll("[data-at]")) place.textContent = at;
    for (const place of said.querySelectorAll("[data-sentence]")) place.textContent = sentence;
    row.state.append(said);
    if (said.hasAttribute("data-aloud")) {
      const title = row.element.querySelector("legend, label");
      document.getElementById("aloud").textContent = `${title ? title.textContent.trim() : ""} ${said.textContent.trim()}`;
    }
  };

  // What the browser keeps until it is saved. Storage may be off or full.

  const shelved = (act) => {
    try {
      return act(window.localStorage);
    } catch {
      return null;
    }
  };

  const keep = (row) =>
    shelved((storage) => {
      if (row.key) storage.removeItem(row.key);
      row.key = "";
      if (!isUnsaved(row)) return;
      row.key = `${shelf}${row.prefix}:${versionOf(row).value}`;
      storage.setItem(row.key, JSON.stringify({ at: Date.now(), said: pairs(row) }));
    });

  /** A field's name, and a text in it, as the reader sees them. */
  const labelOf = ({ labels }) =>
    labels && labels[0] ? [...labels[0].childNodes].map((node) => (node.data || "").trim()).find(Boolean) : "";
  const titleOf = (field) => {
    const legend = field.type === "radio" && field.closest("fieldset").querySelector("legend");
    return legend ? legend.textContent.trim() : labelOf(field);
  };
  const readable = (same, text = "") => {
    if (same[0].type === "radio") return same.filter((field) => field.value === text).map(labelOf)[0] || "–";
    const option = [...(same[0].options || [])].find((one) => one.value === text);
    return (option ? option.textContent.trim() : text) || "–";
  };

  /** Put texts into the row's fields, or those of these names, as `pairs` gave them. */
  const fill = (row, said, names) => {
    const texts = new Map(said);
    for (const field of fields(row)) {
      if (names && !names.includes(field.name)) continue;
      if (isTick(field)) field.checked = texts.get(field.name) === field.value;
      else field.value = texts.get(field.name) || "";
      const folded = texts.get(field.name) && field.closest("details");
      if (folded) folded.open = true;
    }
  };

  /** Offer what was not sent last time beside what stands there now. */
  const offer = (row) =>
    shelved((storage) => {
      const keys = Object.keys(storage).filter((key) => key.startsWith(`${shelf}${row.prefix}:`) && key !== row.key);
      for (const key of keys) {
        const { at, said } = JSON.parse(storage.getItem(key));
        const now = new Map(pairs(row));
        const then = new Map(said);
        const names = new Set(fields(row).map((field) => field.name));
        const differ = [...names].filter((name) => (then.get(name) || "") !== (now.get(name) || ""));
        if (!differ.length) {
          storage.removeItem(key);
          continue;
        }
        const box = word("kept");
        const line = box.querySelector("[data-line]");
        const time = { dateStyle: "short", timeStyle: "short" };
        box.querySelector("[data-at]").textContent = new Date(at).toLocaleString(document.documentElement.lang, time);
        for (const name of differ) {
          const copy = line.cloneNode(true);
          const same = fields(row).filter((field) => field.name === name);
          const texts = { title: titleOf(same[0]), then: readable(same, then.get(name)), now: readable(same, now.get(name)) };
          for (const part in texts) copy.querySelector(`[data-${part}]`).textContent = texts[part];
          line.before(copy);
        }
        line.remove();
        const close = () => {
          shelved((again) => again.removeItem(key));
          box.remove();
        };
        box.querySelector("[data-use]").addEventListener("click", () => {
          fill(row, said);
          close();
          changed(row);
          save(row);
        });
        box.querySelector("[data-drop]").addEventListener("click", close);
        window.addEventListener("storage", (event) => event.key === key && !event.newValue && box.remove());
        (row.element.matches("tr, tbody") ? [...row.element.querySelectorAll("td")].pop() : row.element).prepend(box);
      }
    });

  // Sending

  /** The answer to a set of fields. Fails like `fetch`, and on what is no JSON. */
  const post = async (address, body, again) => {
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.set("by", form.dataset.user); // somebody else may have signed in since
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const headers = { Accept: "application/json" };
      const response = await fetch(address, { method: "POST", body, headers, signal: stop.signal });
      const answer = await response.json();
      if (answer.csrf) {
        // After signing in again every form of the page needs the new token.
        for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = answer.csrf;
        if (answer.state === "token" && !again) return await post(address, body, true);
      }
      return answer;
    } finally {
      clearTimeout(timer);
    }
  };

  /** Save the row now; when it is under way already, its latest text goes after that. */
  const save = (row, extra) => {
    clearTimeout(row.timer);
    row.asked = true;
    if (extra) row.extra = extra;
    if (!row.flight) {
      row.flight = sendWhileAsked(row).finally(() => {
        row.flight = null;
      });
    }
    return row.flight;
  };

  const sendWhileAsked = async (row) => {
    let well = true;
    while (well && row.asked && !stopped) {
      row.asked = false;
      if (row.extra || waits(row)) well = await send(row);
    }
    if (stopped && isUnsaved(row)) show(row, stopped);
  };

  /** One request with what the row says now; whether it was answered. */
  const send = async (row) => {
    const said = content(row);
    const body = new URLSearchParams([["row", row.prefix], [versionOf(row).name, versionOf(row).value]]);
    if (row.answered !== row.saved) body.set("all", "1"); // more than the last save is to be taken back
    for (const [name, text] of [...filled(row), ...(row.extra || [])]) body.append(name, text);
    show(row, "saving");
    let answer;
    try {
      answer = await post(form.dataset.rows, body);
      row.isOffline = false;
      if (!answer.state || answer.csrf) throw new SyntaxError();
    } catch (error) {
      // A broken line, or a server in trouble. Try again, less and less often.
      row.isOffline = !(error instanceof SyntaxError);
      row.tries = (row.tries || 0) + 1;
      row.timer = setTimeout(() => save(row), Math.min(PAUSE * 2 ** row.tries, MINUTE));
      show(row, "offline");
      return false;
    }
    row.tries = 0;
    row.extra = null;
    take(row, said, answer);
    return !stopped;
  };

  const take = (row, said, answer) => {
    if (answer.state === "signed-out" || answer.state === "closed") {
      stopped = answer.state;
      for (const each of all()) if (each === row || isUnsaved(each)) show(each, stopped, "", answer.sentence);
      return;
    }
    const isSaved = answer.state === "saved" || answer.state === "unchanged";
    const isLatest = content(row) === said;
    // A version that was not written from here must not be overwritten from here unasked.
    const version = versionOf(row);
    if (answer.state === "saved" || !version.value) version.value = answer.row_version;
    if (answer.state === "saved") saved.add(row.prefix);
    row.answered = said;
    if (isSaved) row.saved = said;
    paint(row, answer);
    if (isLatest) row.answered = content(row);
    row.verdict = isSaved ? "saved" : answer.state;
    keep(row);
    show(row, waits(row) ? "unsaved" : row.verdict, answer.at, answer.sentence);
  };

  const paint = (row, answer) => {
    const errors = answer.errors || {};
    for (const place of row.element.querySelectorAll("[data-errors]")) {
      const html = errors[place.dataset.errors] || "";
      if (html || place.textContent.trim()) place.innerHTML = html;
      place.id = `${place.dataset.errors}-e`;
    }
    for (const field of fields(row)) {
      for (const [name, text] of [["aria-invalid", "true"], ["aria-describedby", `${field.name}-e`]]) {
        if (errors[field.name]) field.setAttribute(name, text);
        else field.removeAttribute(name);
      }
    }
    for (const [name, html] of Object.entries(answer.slots || {})) {
      for (const slot of document.querySelectorAll(`[data-slot="${name}"]`)) put(slot, html);
    }
  };

  /** Fill a slot, but not under the cursor, and keep what was typed in it. */
  const put = (slot, html) => {
    const active = document.activeElement;
    if (slot.contains(active) && active.matches("input, select, textarea")) {
      active.addEventListener("focusout", () => setTimeout(() => put(slot, html)), { once: true });
      return;
    }
    const row = rowOf(slot);
    const typed = row && (isUnsaved(row) || waits(row)) && pairs(row);
    const names = row && fields(row).map((field) => field.name);
    const hadFocus = slot.contains(active);
    slot.innerHTML = html;
    if (!row) return;
    if (typed) fill(row, typed, names);
    else row.saved = row.answered = content(row); // the slot may have brought fields along, or have taken some away
    if (hadFocus) {
      // The button that was pressed is gone: go on in its row.
      const next = fields(row).find((field) => field.type !== "hidden");
      if (next) next.focus({ preventScroll: true });
    }
  };

  // Writing

  /** Keep what changed at once, send it after a pause. */
  const changed = (row) => {
    clearTimeout(row.timer);
    keep(row);
    if (!waits(row)) {
      if (!row.flight) show(row, isUnsaved(row) ? row.verdict : "");
    } else if (stopped) {
      show(row, stopped);
    } else {
      if (!row.flight) show(row, "unsaved");
      row.timer = setTimeout(() => save(row), PAUSE);
    }
  };

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const row = event.target.form === form && rowOf(event.target);
      if (row) changed(row);
    });
  }

  document.addEventListener("focusout", (event) => {
    const row = rowOf(event.target);
    if (row && !row.element.contains(event.relatedTarget) && waits(row)) save(row);
  });

  window.addEventListener("online", () => {
    for (const row of all()) if (waits(row)) save(row);
  });

  // Buttons and leaving

  const isBusy = () => all().some((row) => row.flight || waits(row));

  /** Send everything that waits; whether the line held. */
  const flush = async () => {
    while (isBusy()) {
      await Promise.all(all().filter((row) => row.flight || waits(row)).map((row) => save(row)));
      if (stopped || all().some((row) => row.tries)) break;
    }
    return !all().some((row) => row.isOffline && waits(row));
  };

  /** Go on with a held submit. Without a line the page stays, with what was typed. */
  const pass = async (button) => {
    if (!(await flush())) return;
    through = true;
    button.click();
    through = false;
  };

  /** Give way: the server notes both texts, then theirs is put in, as a fresh page has it. */
  const takeTheirs = async (row, button) => {
    await save(row, [[button.name, button.value]]);
    if (stopped || row.tries) return;
    let page;
    try {
      const response = await fetch(form.action, { headers: { Accept: "text/html" } });
      page = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      row.saved = null;
      show(row, "offline");
      return;
    }
    const theirs = page.querySelector(`[data-row="${row.prefix}"]`);
    if (!theirs) {
      pass(button);
      return;
    }
    const inputs = theirs.querySelectorAll("input, select, textarea");
    const checked = fields(row, inputs).filter((field) => !isTick(field) || field.checked);
    fill(row, checked.map((field) => [field.name, field.value]));
    const slots = {};
    for (const slot of theirs.querySelectorAll("[data-slot]")) slots[slot.dataset.slot] = slot.innerHTML;
    versionOf(row).value = versionOf(row, theirs).value;
    paint(row, { slots });
    row.saved = row.answered = content(row);
    keep(row);
    show(row, "");
  };

  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button) return;
    const row = !through && event.target === form && rowOf(button);
    if (row && button.name === "take") {
      event.preventDefault();
      takeTheirs(row, button);
    } else if (row && button.name.startsWith(`${row.prefix}-`)) {
      event.preventDefault();
      const field = [...fields(row), versionOf(row)].find((one) => one.name === button.name);
      if (field) field.value = button.value;
      keep(row);
      save(row, field ? [] : [[button.name, button.value]]);
    } else if (!through && isBusy()) {
      event.preventDefault();
      pass(button);
    } else if (event.target === form) {
      sending = true;
      const count = form.elements.autosaved || form.appendChild(document.createElement("input"));
      Object.assign(count, { type: "hidden", name: "autosaved", value: saved.size });
    }
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
    if (!link || !isPlain || link.target || link.hasAttribute("download") || event.defaultPrevented) return;
    const isHere = link.href.split("#")[0] === location.href.split("#")[0] && link.hash;
    if (isHere || link.origin !== location.origin || !isBusy()) return;
    event.preventDefault();
    flush().then(() => location.assign(link.href));
  });

  window.addEventListener("beforeunload", (event) => {
    if (sending || !all().some((row) => row.flight || isUnsaved(row))) return;
    event.preventDefault();
    event.returnValue = "";
  });

  // Who else is there, and are we still signed in?

  let asked = 0;
  const ask = async () => {
    if (document.hidden || stopped === "closed") return;
    asked = Date.now();
    let answer;
    try {
      answer = await post(form.dataset.seen, new URLSearchParams());
    } catch {
      return; // the next minute will tell
    }
    if (answer.state === "signed-out") {
      stopped = answer.state;
      for (const row of all()) if (isUnsaved(row)) show(row, stopped);
    } else if (answer.csrf) {
      for (const slot of document.querySelectorAll('[data-slot="others"]')) slot.innerHTML = answer.others;
      stopped = "";
      for (const row of all()) if (waits(row) && !row.flight) save(row);
    }
  };
  const askAgain = () => (stopped || Date.now() - asked > MINUTE) && ask();

  // The start. What came back with an error or a conflict is typed, but not saved.

  for (const element of form.querySelectorAll("[data-row]")) {
    const row = { element, prefix: element.dataset.row, state: element.querySelector("[data-state]"), shown: "" };
    if (!versionOf(row)) continue;
    rows.set(row.prefix, row);
    row.saved = row.answered = content(row, true);
    const hasErrors = [...element.querySelectorAll("[data-errors]")].some((place) => place.textContent.trim());
    const clash = element.querySelector(`[data-slot="${row.prefix}-clash"]`);
    const hasClash = clash && clash.textContent.trim();
    if (hasErrors || hasClash) {
      row.saved = null;
      keep(row);
      show(row, (row.verdict = hasClash ? "conflict" : "wrong"));
    }
    offer(row);
  }

  window.addEventListener("pageshow", () => {
    sending = false;
    for (const row of all()) if (waits(row) && !row.flight) changed(row);
    ask();
  });
  setInterval(ask, MINUTE);
  window.addEventListener("focus", askAgain);
  document.addEventListener("visibilitychange", askAgain);
})();
