// What the sections read of a run's layers; two runs are compared.

const RUNS = DATA.runs;
const COMPARING = RUNS.length > 1;

/** A to Z, then AA, AB and so on. */
const labelOf = (number) => (number >= 26 ? labelOf(Math.floor(number / 26) - 1) : "") + String.fromCharCode(65 + number % 26);

/** What runs are called where there are several. */
const LABELS_OF_RUNS = RUNS.map((_, number) => labelOf(number));

// Layers are matched by name: where a workload calls several alike, those after the first get their number.
for (const run of RUNS) {
  const taken = new Set();
  for (const layer of run.layers) {
    let [name, number] = [layer.name, 1];
    while (taken.has(name)) name = `${layer.name} (${number += 1})`;
    taken.add(layer.name = name);
  }
}

// A layer on a system of cores is several tiles: it has a place and a span, and no one mapping that could be broken down.
for (const run of RUNS.filter((one) => one.system)) {
  run.layers.forEach((layer, number) => Object.assign(layer, { use: run.system.layers[number], breakdown: null, roofline_cycles: null, bound_by: null }));
}

/** The memories of all runs, the lowest first, and a colour for each: the farther from the array, the stronger. */
const MEMORIES = [...new Set(RUNS.flatMap((run) => Object.keys(run.hardware ? run.hardware.memories : {})))];
const BITS = Object.assign({}, ...RUNS.map((run) => run.hardware ? run.hardware.memories : {}));

function memoryColour(name) {
  return `var(--m${memoryStep(name)})`;
}

/** From 0, the memory next to the array, to 5, the farthest of its accelerator. */
function memoryStep(name) {
  const run = RUNS.find((one) => one.hardware && name in one.hardware.memories);
  const names = run ? Object.keys(run.hardware.memories) : [];
  return names.length < 2 ? 3 : Math.round((5 * names.indexOf(name)) / (names.length - 1));
}

/** What may bound a layer: the array's units, or a memory. */
const boundColour = (bound) => bound === "units" ? "var(--units)" : memoryColour(bound);
const boundName = (bound) => bound === "units" ? "the array" : bound;

const priced = (layer) => Boolean(layer) && !layer.error;
const layersOf = (run) => run.layers.filter(priced);

/** The layers that are one mapping on one accelerator. */
const mappedOf = (run) => layersOf(run).filter((layer) => layer.breakdown);

function energyParts(layer) {
  if (!layer.breakdown) return [{ label: "cores", value: layer.energy_pj, colour: "var(--units)" }];
  const { operation_energy_pj: operations, memory_energy: levels } = layer.breakdown;
  const memories = MEMORIES.map((name) => {
    const mine = levels.filter((level) => level.memory === name);
    const said = mine.map((level) => `${level.operand} ${energy(level.energy_pj)}`).join(", ");
    return { label: name, value: sum(mine.map((level) => level.energy_pj)), colour: memoryColour(name), said };
  });
  const parts = [{ label: "operations", value: operations, colour: "var(--units)" }, ...memories];
  const rest = layer.energy_pj - sum(parts.map((part) => part.value));
  if (rest > 1e-6 * layer.energy_pj) parts.push({ label: "other", value: rest, colour: "var(--over)" });
  return parts.filter((part) => part.value);
}

function latencyParts(layer) {
  if (!layer.breakdown) return [{ label: "from its first start to its last end", value: layer.latency_cycles, colour: "var(--units)" }];
  const least = Math.min(layer.roofline_cycles, layer.latency_cycles);
  const bound = layer.bound_by;
  return [
    { label: `needed by ${boundName(bound)}`, value: least, colour: boundColour(bound) },
    { label: "above the roofline", value: layer.latency_cycles - least, colour: "var(--over)" },
  ].filter((part) => part.value);
}

const inUse = (layer) => layer.breakdown ? Math.min(layer.breakdown.compute_cycles / layer.latency_cycles, 1) : null;

function utilizationParts(layer) {
  if (!layer.breakdown) return [{ label: "units mapped, on its cores", value: layer.spatial_utilization, colour: "var(--over)" }];
  const used = inUse(layer);
  return [
    { label: "units at work, over the whole time", value: used, colour: "var(--units)" },
    { label: "units mapped, but waiting", value: Math.max(layer.spatial_utilization - used, 0), colour: "var(--over)" },
  ].filter((part) => part.value);
}

function volumeParts(layer) {
  return Object.entries(layer.breakdown ? layer.breakdown.bits : {}).filter(([, bits]) => bits)
    .map(([operand, bits]) => ({ label: operand, value: bits, colour: `var(--${operand})` }));
}

/** The layers of all runs side by side, matched by name. */
const ROWS = (() => {
  const found = new Map();
  RUNS.forEach((run, number) => run.layers.forEach((layer, order) => {
    if (!found.has(layer.name)) {
      found.set(layer.name, { name: layer.name, type: layer.operator_type, order, layers: RUNS.map(() => null) });
    }
    found.get(layer.name).layers[number] = layer;
  }));
  return [...found.values()];
})();

/** Of one run, for each layer of a block that comes again and again: the layer that stands for it, and how many times. */
function repeatsOf(run) {
  return new Map((run.blocks || []).flatMap(({ first, layers, times }) => Array.from({ length: layers * times }, (_, place) =>
    [run.layers[first + place].name, { first: run.layers[first + place % layers].name, times }])));
}

// A row stands for others only where all runs repeat them alike: else it would hide what one of them has beside the rest.
(() => {
  const repeats = RUNS.map(repeatsOf);
  for (const row of ROWS) {
    const [one, ...others] = repeats.map((known) => known.get(row.name) || { first: row.name, times: 1 });
    const alike = others.every((other) => other.first === one.first && other.times === one.times);
    Object.assign(row, alike ? { repeats: one.first, times: one.times } : { repeats: row.name, times: 1 });
  }
})();

const REPEATED = ROWS.some((row) => row.repeats !== row.name);
