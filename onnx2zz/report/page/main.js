// Put everything in its place, and again when something is sorted, filtered, opened or resized.

function refresh() {
  const rows = shownRows();
  place("charts", CHARTS.map((chart) => barCard(chart, rows)));
  place("layers", layerTable(rows));
}

function theme(name) {
  document.documentElement.dataset.theme = name;
  place("theme", name === "dark" ? "Light" : "Dark");
  refresh();
}

overview();
controls();
theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.getElementById("theme").addEventListener("click", () =>
  theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
place("roofline", rooflineCard());
place("memories", memoryTable());
place("nodes", nodeTable());
addEventListener("resize", () => place("roofline", rooflineCard()));
