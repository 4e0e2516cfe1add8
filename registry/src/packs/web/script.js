"use strict";
// The page works without: this copies texts, and filters what is on the page while one types.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = button.dataset.copy;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS browsers have no clipboard to offer; this way they do.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "Copied";
    button.classList.add("done");
    setTimeout(() => {
      button.textContent = "Copy";
      button.classList.remove("done");
    }, 1500);
  });
}
const box = document.querySelector("input[data-filter]");
if (box) {
  const rows = [...document.querySelectorAll("[data-row]")].map((row) => [row, `${row.textContent} ${row.dataset.words}`.toLowerCase()]);
  const none = document.getElementById("none-here");
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) shown += 1;
    }
    if (none) none.hidden = shown > 0;
  });
}
