"use strict";
// The figures of the host as curves. What they show stands on the page as a table too.
(() => {
  const EVERY_MS = 5000;
  const places = [...document.querySelectorAll("[data-curve]")];
  const spans = document.getElementById("spans");
  if (places.length === 0 || typeof uPlot === "undefined") return;
  let span = "hour";
  let plots = [];
  let data = null;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Of a short time with seconds.
  const clock = (time) => {
    const long = data.time[data.time.length - 1] - data.time[0] > 600;
    return new Date(time * 1000).toISOString().slice(11, long ? 16 : 19);
  };
  const draw = () => {
    for (const plot of plots) plot.destroy();
    const axis = () => ({ stroke: colour("--quiet"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line"), width: 1 } });
    plots = places.map((place) => {
      const name = place.dataset.curve;
      const stroke = colour(name === "lost" ? "--critical-fill" : "--accent");
      return new uPlot({
        width: place.clientWidth,
        height: 150,
        legend: { show: false },
        cursor: { y: false },
        // In UTC, as all times here.
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),

        scales: { y: { range: (_, low, high) => [0, Math.max(high, name === "lost" ? 1 : 0.001) * 1.1] } },
        axes: [{ ...axis(), values: (_, times) => times.map(clock) }, { ...axis(), size: 56 }],
        series: [{}, { stroke, width: 1.5, fill: `${stroke}22`, points: { show: false } }],
      }, [data.time, data[name]], place);
    });
  };
  const load = async () => {
    const answer = await fetch(`/host/samples?span=${span}`, { headers: { accept: "application/json" } });
    if (!answer.ok) return;
    data = await answer.json();
    const curves = document.getElementById("curves");
    if (data.time.length < 2) return;
    const first = curves.hidden;
    curves.hidden = false;
    spans.hidden = false;
    if (first) document.getElementById("figures").open = false;
    if (first || plots.length === 0) draw();
    else plots.forEach((plot, at) => plot.setData([data.time, data[places[at].dataset.curve]]));
  };
  const quietly = () => load().catch(() => {});
  for (const button of spans.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      span = button.dataset.span;
      for (const each of spans.querySelectorAll("button")) each.setAttribute("aria-pressed", String(each === button));
      quietly();
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (data) draw(); });
  addEventListener("resize", () => plots.forEach((plot, at) => plot.setSize({ width: places[at].clientWidth, height: 150 })));
  quietly();
  setInterval(() => { if (!document.hidden) quietly(); }, EVERY_MS);
})();
