// What makes the page quicker. Everything it does can be done without it, and nothing here is needed for anything to be right:
// the server checks and decides. No framework, no other host, nothing kept but one setting.
"use strict";

(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);
  const words = document.documentElement.dataset;

  // Times: the reader's own, with the zone's name where they are said exactly.
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  const second = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
  function localTimes(within) {
    for (const time of all("time[datetime]:not([data-local])", within)) {
      const moment = new Date(time.dateTime);
      if (Number.isNaN(moment.valueOf())) continue;
      time.title = moment.toISOString().replace("T", " ").replace(".000Z", " UTC");
      time.dataset.local = "";
      time.textContent = ("clock" in time.dataset ? clock : "exactly" in time.dataset ? second : day).format(moment);
    }
  }

  // A length of time, as the server says it.
  function length(seconds) {
    const [d, h, m, s] = [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
    if (d) return h ? `${d} d ${h} h` : `${d} d`;
    if (h) return m ? `${h} h ${m} min` : `${h} h`;
    if (m) return s ? `${m} min ${s} s` : `${m} min`;
    return `${s} s`;
  }

  function tick() {
    for (const since of all("[data-since]")) {
      const passed = Math.max(0, Math.floor((Date.now() - Date.parse(since.dataset.since)) / 1000));
      since.textContent = length(passed);
      const bar = one("progress[data-usual]");
      if (bar) bar.value = Math.min(passed, bar.max);
    }
  }

  // Parts of the page, drawn anew by the server. What somebody is at stays as it is, and so does what they have opened.
  async function fetched(address) {
    const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }
  function replaceParts(from) {
    // Looked up before any of them is moved.
    const places = all("[data-live]", from).map((fresh) => [fresh, fresh.previousElementSibling?.id]);
    for (const fresh of all("[data-live]", from)) {
      const old = document.getElementById(fresh.id);
      if (!old || old.contains(document.activeElement) || String(getSelection()).length && old.contains(getSelection().anchorNode)) continue;
      const open = all("details[open] > summary", old).map((summary) => summary.textContent);
      const before = old.innerHTML;
      localTimes(fresh);
      for (const summary of all("details > summary", fresh)) if (open.includes(summary.textContent)) summary.parentElement.open = true;
      enhance(fresh);
      if (fresh.innerHTML !== before) old.replaceWith(document.adoptNode(fresh));
    }
    // What has appeared since.
    for (const [fresh, beside] of places) {
      const before = beside && document.getElementById(beside);
      if (!before || document.getElementById(fresh.id)) continue;
      localTimes(fresh);
      enhance(fresh);
      before.after(document.adoptNode(fresh));
    }
    if (from.title) document.title = from.title;
  }
  let refreshing = null;
  function refresh() {
    refreshing ??= fetched(location.href).then(replaceParts, () => {}).finally(() => { refreshing = null; });
    return refreshing;
  }

  // Searching while somebody types.
  function liveSearch() {
    const field = one("form.search input[type=search]");
    const found = document.getElementById("found");
    if (!field || !found) return;
    let asked = 0, timer;
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++asked;
        const address = new URL(field.form.action);
        if (field.value.trim()) address.searchParams.set("q", field.value.trim());
        try {
          const page = await fetched(address);
          if (mine !== asked) return;
          history.replaceState(null, "", address);
          const fresh = page.getElementById("found");
          localTimes(fresh);
          // The line that is read aloud stays, and changes.
          const said = one("[role=status]", found), says = one("[role=status]", fresh);
          while (said.nextSibling) said.nextSibling.remove();
          said.textContent = says.textContent;
          while (says.nextSibling) found.append(says.nextSibling);
        } catch { /* The button still works. */ }
      }, 120);
    });
  }

  // Fields that are only asked for when another has a certain value.
  function valueOf(id) {
    const box = one(`[data-field="${id}"]`);
    if (!box) return "";
    const chosen = all("input:checked", box).map((input) => input.value);
    const typed = one("input:not([type=radio], [type=checkbox]), select, textarea", box);
    const value = typed ? typed.value : chosen.join(",");
    return value === "" ? box.dataset.empty : value;
  }
  function conditions() {
    // A child of a child follows its parent, so those further up come first, as they do in the page.
    for (const child of all("[data-parent]")) {
      const parent = one(`[data-field="${child.dataset.parent}"]`);
      const wanted = JSON.parse(child.dataset.when), value = valueOf(child.dataset.parent);
      const asked = !(parent && "off" in parent.dataset) && (wanted.length ? wanted.includes(value) : value !== "");
      if (asked === !("off" in child.dataset)) continue;
      if (asked) delete child.dataset.off; else child.dataset.off = "";
    }
  }

  // While a button is held down nothing on the page may move: what moves away under the pointer is not clicked.
  let held = false;
  const waiting = [];
  const release = () => setTimeout(() => { held = false; for (const go of waiting.splice(0)) go(); });
  addEventListener("pointerdown", () => { held = true; }, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, true);
  addEventListener("blur", release);
  const still = () => held ? new Promise((go) => { waiting.push(go); }) : undefined;

  // What is wrong with a field, while somebody fills in the form: said when they leave it.
  function liveCheck(form) {
    const touched = new Set();
    let asked = 0;
    function show(box, problems) {
      const id = box.dataset.field, wrong = problems.length > 0;
      box.classList.toggle("wrong", wrong);
      let list = document.getElementById(`${id}-error`);
      if (!wrong) { list?.remove(); } else {
        if (!list) {
          list = document.createElement("div");
          list.id = `${id}-error`;
          document.getElementById(`${id}-help`).after(list);
        }
        list.replaceChildren(...problems.map((problem) => {
          const line = document.createElement("p");
          line.className = "error";
          line.dir = "auto";
          line.textContent = problem;
          return line;
        }));
      }
      for (const control of all("input, select, textarea", box)) {
        if (wrong) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid");
      }
      const described = box.matches("fieldset") ? box : one("input, select, textarea", box);
      described?.setAttribute("aria-describedby", wrong ? `${id}-error ${id}-help` : `${id}-help`);
    }
    form.addEventListener("change", async (event) => {
      const box = event.target.closest("[data-field]");
      if (!box) return;
      touched.add(box.dataset.field);
      const mine = ++asked;
      const sent = new URLSearchParams(new FormData(form));
      sent.set("action", "check");
      sent.delete("browse");
      try {
        const answer = await fetch(form.dataset.check, { method: "POST", body: sent, headers: { Accept: "application/json" }, credentials: "same-origin" });
        if (!answer.ok || mine !== asked) return;
        const { problems } = await answer.json();
        await still();
        if (mine !== asked) return;
        for (const field of touched) {
          const box = one(`[data-field="${field}"]`);
          if (box) show(box, problems[field] ?? []);
        }
      } catch { /* The server says it when the form is sent. */ }
    });
  }

  // What a day and a time in UTC is here.
  function localBeside(within) {
    for (const input of all("input[data-utc]", within)) {
      const said = document.createElement("output");
      said.className = "soft small";
      const say = () => {
        const moment = new Date(`${input.value}Z`);
        said.textContent = Number.isNaN(moment.valueOf()) || !moment.getTimezoneOffset() ? "" : `= ${second.format(moment)}`;
      };
      input.parentElement.append(said);
      input.addEventListener("input", say);
      say();
    }
  }

  // One click, one launch. The server sees to it anyway.
  function once(form) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      // After the form was read: a button that can't be pressed is not sent.
      setTimeout(() => { for (const button of all("button", form)) button.setAttribute("aria-disabled", "true"); });
    });
  }
  addEventListener("pageshow", () => {
    for (const form of all("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all("button", form)) button.removeAttribute("aria-disabled");
    }
  });

  function copying(within) {
    if (!navigator.clipboard) return;
    for (const button of all("button[data-copy]", within)) {
      button.hidden = false;
      const before = button.textContent;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        button.textContent = words.wordCopied;
        setTimeout(() => { button.textContent = before; }, 2000);
      });
    }
  }

  // A line of the log, as the server draws it.
  function logLine(line, number) {
    const item = document.createElement("li");
    const level = { ERROR: "error", WARNING: "warning" }[line.level];
    if (level) item.className = `${level}-line`;
    if (number) {
      item.id = `L${number}`;
      const at = document.createElement("a");
      at.className = "at";
      at.href = `?line=${number}#L${number}`;
      at.textContent = number;
      item.append(at);
    }
    if (line.time) {
      const time = document.createElement("time");
      time.dateTime = line.time;
      time.dataset.clock = "";
      item.append(time);
    }
    const text = document.createElement("bdi");
    text.className = "text";
    if (level) {
      const word = document.createElement("b");
      word.textContent = words[{ error: "wordError", warning: "wordWarning" }[level]];
      text.append(word, " ");
    }
    const most = number ? Infinity : 300;
    text.append(line.text.slice(0, most) + (line.cut || line.text.length > most ? "…" : ""));
    item.append(text);
    localTimes(item);
    return item;
  }

  // A job while it runs: its state, its last lines, or its log as it is written.
  function watch() {
    const standing = one("[data-job]");
    if (!standing || !window.EventSource) return;
    const address = `/jobs/${standing.dataset.job}`, drawn = standing.dataset.state;
    const log = document.getElementById("log-lines");
    const isLog = "log" in standing.dataset;
    const from = log?.dataset.followFrom ?? log?.dataset.tail;
    const reads = from && (isLog ? log.dataset.followFrom : true);
    const query = reads ? `?from=${encodeURIComponent(from)}` : "?log=off";
    const events = new EventSource(`${address}/events${query}`);
    const MOST = isLog ? 5000 : 40;
    let number = Number(log?.dataset.number ?? 0), following = true, state = null, timer;

    const button = one("[data-follow]");
    if (button) {
      button.parentElement.hidden = false;
      button.addEventListener("click", () => {
        following = !following;
        button.textContent = following ? words.wordPause : words.wordFollow;
        if (following) log.lastElementChild?.scrollIntoView({ block: "end" });
      });
      button.removeAttribute("aria-pressed");
      button.textContent = words.wordPause;
    }
    // What has changed is said once, to those who can't see it.
    const renew = async () => {
      const before = one("#standing .state")?.textContent;
      await refresh();
      const now = one("#standing .state")?.textContent, said = document.getElementById("said");
      if (said && now !== before) said.textContent = now;
    };
    const soon = () => { clearTimeout(timer); timer = setTimeout(renew, 400); };

    events.addEventListener("log", (event) => {
      const list = document.getElementById("log-lines");
      if (!list) { soon(); return; }
      const { lines } = JSON.parse(event.data);
      const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
      for (const line of lines) {
        number += isLog ? 1 : 0;
        list.append(logLine(line, isLog ? number : 0));
      }
      while (list.childElementCount > MOST) list.firstElementChild.remove();
      if (isLog && following && atEnd) list.lastElementChild?.scrollIntoView({ block: "end" });
    });
    events.addEventListener("state", (event) => {
      const now = JSON.parse(event.data);
      const said = `${now.state} ${now.stopping} ${now.attempt}`;
      // The page may be older than the first word of it.
      if (state === null ? now.state !== drawn : state !== said) soon();
      state = said;
    });
    events.addEventListener("counters", () => { if (!isLog) { clearTimeout(timer); timer = setTimeout(refresh, 3000); } });
    events.addEventListener("attempt", () => location.reload());
    events.addEventListener("end", () => { events.close(); clearTimeout(timer); renew(); });
    events.addEventListener("leave", (event) => {
      if (JSON.parse(event.data).why === "session") { events.close(); location.reload(); }
    });
    addEventListener("pagehide", () => events.close());
  }

  // A list with jobs that have not ended is looked at again, as long as somebody sees it.
  function lookAgain() {
    const list = one("[data-again]");
    if (list) setInterval(() => { if (!document.hidden && one("[data-again]")) refresh(); }, Number(list.dataset.again) * 1000);
  }

  function enhance(within) {
    copying(within);
  }

  localTimes(document);
  one(".utc").textContent = words.wordTimes;
  enhance(document);
  localBeside(document);
  liveSearch();
  for (const form of all("form[data-once]")) once(form);
  if (one("[data-parent]")) { conditions(); document.addEventListener("input", conditions); document.addEventListener("change", conditions); }
  const checked = one("form[data-check]");
  if (checked) liveCheck(checked);
  document.getElementById("errors")?.focus();
  const asked = one("[autofocus]");
  if (asked && asked.id !== "errors") asked.scrollIntoView({ block: "center" });
  tick();
  setInterval(tick, 1000);
  watch();
  lookAgain();
})();
