// Bars of the layers: a card for each question, with a row for each layer.

/** A card with a row for each of `rows`. `chart`: title, about, legend, parts(layer), amount(layer), write(value). */
function barCard(chart, rows) {
  const most = chart.full || Math.max(...rows.flatMap((row) => row.layers.filter(priced).map(chart.amount)), 0) || 1;
  const lines = rows.map((row) => make("div", { class: "row" },
    clipped(row.name),
    make("div", { class: "pair" }, row.layers.filter(priced).map((layer) =>
      bar(chart.parts(layer), most, chart.write, row.name))),
    make("span", { class: "amount" }, row.layers.map((layer) =>
      make("div", {}, priced(layer) ? chart.write(chart.amount(layer)) : "not priced")))));
  return make("section", { class: "card", id: chart.id },
    make("h2", {}, chart.title), make("p", { class: "about" }, chart.about), legend(chart.legend()),
    lines.length ? make("div", { class: "rows" }, lines) : make("p", { class: "empty" }, "No layer matches."));
}

const memoryLegend = () => MEMORIES.map((name) => [name, memoryColour(name)]);

const ON_ONE = RUNS.some((run) => !run.system);

const ALL_CHARTS = [
  {
    id: "latency", title: "Latency by layer", amount: (layer) => layer.latency_cycles, parts: latencyParts, write: count,
    about: ON_ONE ? "Cycles that the array or the highest memory needs at least, and what the mapping adds."
      : "From the first start of a layer's tiles to the last end; layers overlap.",
    legend: () => ON_ONE ? [...boundsOf(), ["above the roofline", "var(--over)"]] : [["from its first start to its last end", "var(--units)"]],
  },
  {
    id: "energy", title: "Energy by layer", amount: (layer) => layer.energy_pj, parts: energyParts, write: energy,
    about: ON_ONE ? "Where the energy goes: the operations, and each memory." : "What its cores take; links and off-chip memory come on top.",
    legend: () => ON_ONE ? [["operations", "var(--units)"], ...memoryLegend()] : [["cores", "var(--units)"]],
  },
  {
    id: "utilization", title: "Utilization by layer", amount: (layer) => inUse(layer) ?? layer.spatial_utilization, parts: utilizationParts, write: percent, full: 1,
    about: ON_ONE ? "The share of the array's units that is at work, over all cycles of the layer."
      : "The share of its cores' units that its mappings use.",
    legend: () => ON_ONE ? [["at work", "var(--units)"], ["mapped, but waiting", "var(--over)"]] : [["mapped, on its cores", "var(--over)"]],
  },
  {
    id: "volumes", title: "Data by layer", write: bytes, parts: volumeParts,
    amount: (layer) => sum(Object.values(layer.breakdown ? layer.breakdown.bits : {})),
    about: "The size of each tensor, without padding, the output at its final width.",
    legend: () => [["input", "var(--I)"], ["weights or second input", "var(--W)"], ["output", "var(--O)"]],
  },
];

/** What is drawn: the sizes of tensors come from the breakdown of a layer. */
const CHARTS = ALL_CHARTS.filter((chart) => ON_ONE || chart.id !== "volumes");

function boundsOf() {
  const bounds = new Set(RUNS.flatMap((run) => mappedOf(run).map((layer) => layer.bound_by)));
  return [...bounds].map((bound) => [boundName(bound), boundColour(bound)]);
}
