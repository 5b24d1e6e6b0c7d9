// Put everything in its place, and again when something is sorted, filtered, opened or resized.

function refresh() {
  const rows = shownRows();
  place("charts", CHARTS.map((chart) => barCard(chart, rows)));
  place("layers", layerTable(rows));
  TIMELINES.forEach((timeline) => timeline.draw());
  MODEL_GRAPH.open();
  HARDWARE.lay();
}

overview();
place("scale", scaleCard());
place("graph", MODEL_GRAPH.parts());
controls();
startTheme(refresh);
place("roofline", rooflineCard());
place("hardware", HARDWARE.parts());
place("why", whyCard());
place("choices", choicesCard());
place("timeline", timelineCards());
place("system", systemCard());
place("memories", memoryTable());
place("nodes", nodeTable());
addEventListener("resize", () => place("roofline", rooflineCard()));
