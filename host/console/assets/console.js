"use strict";
// Pages work without: this shows findings as they come, copies texts, and has keys do what the mouse does.

/* Copying */
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
    } catch {
      // Without TLS browsers may have no clipboard to offer: what is to be copied is marked instead.
      const range = document.createRange();
      range.selectNodeContents(button.parentElement.querySelector("code"));
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      button.textContent = "Press Ctrl-C";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

/* Choosing rows */
const chosen = document.getElementById("chosen-count");
if (chosen) {
  document.addEventListener("change", () => {
    const count = document.querySelectorAll("td.choose input:checked").length;
    chosen.textContent = count === 0 ? "Choose rows, then:" : `${count} chosen:`;
  });
}

/* What may be narrowed down by is folded away where there is no room for it. */
const facets = document.getElementById("facets");
if (facets && matchMedia("(max-width: 820px)").matches) facets.open = false;

/* Live */
const MOST_ROWS = 200;
const live = document.getElementById("live");
let pause = () => {};
if (live) {
  const state = document.getElementById("live-state");
  const button = document.getElementById("live-pause");
  const rows = document.getElementById("rows");
  let source = null;
  let paused = false;
  let waiting = [];
  let held = 0;
  let missed = 0;
  live.hidden = false;

  const say = (text, on) => {
    const extra = missed > 0 ? `, ${missed} not shown (load anew)` : "";
    state.textContent = text + extra;
    live.classList.toggle("on", on);
  };
  const show = (html) => {
    // The server has escaped all texts in it, and a document of its own runs nothing.
    const table = new DOMParser().parseFromString(`<table><tbody>${html}</tbody></table>`, "text/html");
    const fresh = [...table.querySelectorAll("tbody > tr")];
    const known = new Set([...rows.querySelectorAll("a.open")].map((open) => open.getAttribute("href")));
    const added = fresh.filter((row) => !known.has(row.querySelector("a.open").getAttribute("href")));
    for (const row of added) row.classList.add("new");
    rows.prepend(...added.map((row) => document.adoptNode(row)));
    while (rows.rows.length > MOST_ROWS) rows.lastElementChild.remove();
    const none = document.getElementById("none");
    if (none && rows.rows.length > 0) none.hidden = true;
  };
  const open = () => {
    if (source) return;
    source = new EventSource(live.dataset.live);
    source.addEventListener("open", () => say(paused ? `Paused, ${held} new` : "Live", !paused));
    source.addEventListener("findings", (event) => {
      const { rows: fresh, more, missed: lost } = JSON.parse(event.data);
      missed += more + lost;
      if (paused) {
        waiting.unshift(fresh);
        held += fresh.split("<tr").length - 1;
        if (waiting.length > 8) missed += waiting.pop().split("<tr").length - 1;
        say(`Paused, ${held} new`, false);
      } else {
        show(fresh);
        say("Live", true);
      }
    });
    source.addEventListener("end", () => { close(); say("The host has ended", false); });
    source.addEventListener("signed-out", () => { close(); say("Signed out", false); });
    source.addEventListener("error", () => say("Not connected, trying again", false));
  };
  const close = () => {
    if (source) source.close();
    source = null;
  };
  pause = () => {
    paused = !paused;
    button.setAttribute("aria-pressed", String(paused));
    button.textContent = paused ? "Resume" : "Pause";
    if (!paused) {
      for (const fresh of waiting.reverse()) show(fresh);
      waiting = [];
      held = 0;
    }
    say(paused ? "Paused" : "Live", !paused);
  };
  button.addEventListener("click", () => pause());
  // Browsers have few connections to one place: a page that nobody sees takes none.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { close(); say("Away", false); } else { open(); }
  });
  addEventListener("pagehide", close);
  if (!document.hidden) open();
}

/* Keys */
const dialog = document.getElementById("keys");
let going = false;
const here = () => document.querySelector("tr.here");
const step = (by) => {
  const all = [...document.querySelectorAll("tr[data-row]")];
  if (all.length === 0) return;
  const at = all.indexOf(here());
  const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
  if (here()) here().classList.remove("here");
  next.classList.add("here");
  next.querySelector("a.open").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input:not([type=checkbox]), textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (dialog.open) return;
  if (going) {
    going = false;
    const link = document.querySelector(`nav a[data-go="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  const act = {
    "/": () => { const words = document.getElementById("words"); if (words) words.focus(); },
    "j": () => step(1),
    "k": () => step(-1),
    "x": () => { const box = here()?.querySelector("td.choose input"); if (box) box.click(); },
    "l": () => pause(),
    "g": () => { going = true; },
    "u": () => { const up = document.querySelector("[data-up]"); if (up) up.click(); },
    "?": () => dialog.showModal(),
  }[event.key];
  if (act) { event.preventDefault(); act(); }
});
