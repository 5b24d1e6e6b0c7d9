// The head of the page: what was run, what must be known about it, the headline numbers, and what bounds the network.

function overview() {
  const of = (run) => `${run.model} on ${run.accelerator}`;
  place("title", RUNS.map(of).join(" against "));
  place("subtitle", RUNS.map((run, number) => make("span", { style: { display: "block" } },
    `${COMPARING ? `${LABELS_OF_RUNS[number]}: ${of(run)}, ` : ""}best ${run.opt}${run.mapping ? `, mapping ${run.mapping}` : ""}`)));
  place("notices", RUNS.flatMap((run, number) => notices(run, COMPARING ? `${LABELS_OF_RUNS[number]}: ` : "")));
  place("headline", TILES.map(tile));
  place("bounds", make("h2", {}, "What bounds the network"),
    RUNS.map((run, number) => (run.system ? boundOfSystem : boundsOfRun)(run, COMPARING ? `${LABELS_OF_RUNS[number]}: ` : "")),
    make("h2", {}, "Where the energy goes"),
    RUNS.map((run, number) => (run.system ? energyOfSystem : energyOfRun)(run, COMPARING ? `${LABELS_OF_RUNS[number]}: ` : "")));
  place("origin", RUNS.map((run) => make("div", {},
    `${run.model} on ${run.accelerator}: numbers of ZigZag ${run.zigzag}, by onnx2zz ${run.onnx2zz}. `
    + "Energy is ZigZag's energy_total, latency its latency_total2; the roofline is ours.")));
}

/** Of several runs: who is better, and why. */
function whyCard() {
  return DATA.why.length ? [make("h2", {}, "Which is better, and why"), ...DATA.why.flatMap(([title, sentences]) => [title ? make("h3", {}, title) : null, whyList(sentences)])] : [];
}

function notices(run, prefix) {
  const unpriced = run.layers.filter((layer) => layer.error);
  const below = layersOf(run).filter((layer) => layer.below_roofline);
  const nodes = run.coverage ? run.coverage.nodes : [];
  const hosts = nodes.filter((node) => node.status === "host");
  const lost = (run.host || []).filter((node) => node.macs === null || node.macs > 0);
  const standIns = (run.coverage ? run.coverage.layers : []).filter((layer) => layer.kind === "approximate");
  const said = [
    [unpriced, `${unpriced.length} of ${run.layers.length} layers not priced: the totals leave them out.`,
      unpriced.map((layer) => layer.error)],
    [lost, `${several(lost.length, "node is", "nodes are")} left to the host with MACs that the totals lack:`,
      lost.map((node) => `${node.op} ${node.node}, ${node.macs === null ? "unknown" : whole(node.macs)} MACs (${node.why})`)],
    [hosts, `${hosts.length} ${hosts.length === 1 ? "node is" : "nodes are"} left to the host and in no number:`,
      hosts.map((node) => `${node.op} ${node.node || node.outputs[0]} (${node.why})`)],
    [standIns, `${standIns.length} ${standIns.length === 1 ? "layer approximates its node" : "layers approximate their nodes"}:`,
      standIns.map((layer) => layer.name)],
    [below, `${below.length} ${below.length === 1 ? "layer is" : "layers are"} priced below the roofline, fewer cycles `
      + "than the hardware allows:", below.map((layer) => layer.name)],
  ];
  return said.filter(([found]) => found.length).map(([, sentence, names]) => make("p", { class: "notice" },
    make("b", {}, prefix + sentence), ` ${names.slice(0, 8).join("; ")}${names.length > 8 ? `; and ${names.length - 8} more` : ""}`));
}

const unitsOf = (run) => run.hardware ? run.hardware.units : null;

function meanUse(run) {
  const layers = layersOf(run);
  if (run.system) return sum(run.system.cores.map((core) => core.busy_cycles)) / (run.system.cores.length * roundOf(run.system) || 1);
  return sum(layers.map((layer) => layer.breakdown.compute_cycles)) / (run.total.latency_cycles || 1);
}

const timeOf = (run) => run.total.physical && run.total.physical.latency_ns ? `, ${quantity(run.total.physical.latency_ns, TIME)}` : "";

/** Whether rules of the accelerator's sidecar change the run's cycles or energy (docs/physical.md). */
const ruled = (run) => {
  const found = run.total.physical;
  return Boolean(found && found.saved_pj && (Object.keys(found.saved_pj).length || found.idle_energy_pj || found.activation_energy_pj
    || found.latency_cycles !== run.total.latency_cycles));
};

/** What each rule adds or takes, by its key in the JSON: `accesses +40,112; pages +444`. */
const partsOfRules = (parts, write) => Object.entries(parts).filter(([, part]) => part)
  .map(([rule, part]) => `${rule.replaceAll("_", " ")} ${part > 0 ? "+" : "−"}${write(Math.abs(part))}`).join("; ");

const energyOfRules = ({ saved_pj, idle_energy_pj, activation_energy_pj }) => ({
  ...Object.fromEntries(Object.entries(saved_pj).map(([rule, saved]) => [rule, -saved])),
  idle: idle_energy_pj, rows: activation_energy_pj,
});

/** What the sidecar's rules make of ZigZag's numbers, and the rates of arrays that compute in memory. */
const BESIDE = [
  ...(RUNS.every(ruled) ? [
    { priced: true, what: "Latency on silicon", of: (run) => run.total.physical.latency_cycles, write: count,
      more: (run) => `${whole(run.total.physical.latency_cycles)} cycles by the sidecar's rules. ${
        partsOfRules(run.total.physical.cycles_lost || {}, whole)}` },
    { priced: true, what: "Energy on silicon", of: (run) => run.total.physical.energy_pj, write: energy,
      more: (run) => `by the sidecar's rules. ${partsOfRules(energyOfRules(run.total.physical), energy)}` },
  ] : []),
  ...(RUNS.every((run) => run.total.in_memory && run.total.in_memory.topsw) ? [
    { priced: true, what: "TOP/s/W", of: (run) => run.total.in_memory.topsw, write: (n) => n.toFixed(3), higher: true,
      more: (run) => `of ${run.total.in_memory.array.topsw_peak.toFixed(1)} at the peak` },
  ] : []),
];

/** `priced`: tiles whose number is of the priced layers alone. */
const TILES = [
  { priced: true, what: "Latency (cycles)", of: (run) => run.total.latency_cycles, write: count, more: (run) => `${whole(run.total.latency_cycles)} cycles${timeOf(run)}` },
  { priced: true, what: "Energy", of: (run) => run.total.energy_pj, write: energy, more: (run) =>
    run.total.macs ? `${(run.total.energy_pj / run.total.macs).toFixed(2)} pJ a MAC` : "" },
  { priced: true, what: "Energy × delay", of: (run) => run.total.energy_pj * run.total.latency_cycles, write: (n) => n.toExponential(2), more: () => "pJ · cycles" },
  { priced: true, what: "MACs", of: (run) => run.total.macs, write: count, more: (run) => whole(run.total.macs), neutral: true },
  { priced: true, what: RUNS.every((run) => run.system) ? "Cores at work" : "Units at work", of: meanUse, write: percent,
    more: (run) => `of ${whole(run.system ? run.system.cores.length : unitsOf(run))}, over the run`, higher: true },
  { what: "Layers", of: (run) => run.layers.length, write: whole, more: (run) => `${run.distinct_layers} distinct`, neutral: true },
  ...BESIDE,
];

const nothingPriced = (run) => !layersOf(run).length;

function tile(kind) {
  const partial = kind.priced && RUNS.some((run) => run.total.incomplete);
  const value = (run, name) => make("div", { class: "value" }, name ? make("small", {}, `${name} `) : null, ...written(kind, run));
  return make("div", { class: "tile" }, make("div", { class: "what" }, kind.what),
    RUNS.map((run, number) => value(run, COMPARING ? LABELS_OF_RUNS[number] : "")),
    make("div", { class: "more" }, COMPARING ? (partial ? "incomplete: not to be compared" : verdicts(kind)) : kind.priced && nothingPriced(RUNS[0]) ? "" : kind.more(RUNS[0])));
}

/** How each run compares with the first. */
function verdicts(kind) {
  const [first, ...others] = RUNS.map(kind.of);
  return others.map((value, before) => {
    const better = kind.higher ? value > first : value < first;
    const name = others.length > 1 ? `${LABELS_OF_RUNS[before + 1]}\u00a0` : "";
    return make("span", { class: kind.neutral || value === first ? "" : better ? "better" : "worse" }, `${name}${ratio(first, value)} `);
  });
}

/** A tile's number, marked where layers or MACs are missing from it. */
function written(kind, run) {
  if (kind.priced && nothingPriced(run)) return ["not priced"];
  return [kind.write(kind.of(run)), kind.priced && run.total.incomplete ? make("small", {}, " incomplete") : null];
}

function boundsOfRun(run, prefix) {
  const layers = layersOf(run);
  if (!layers.length) return nothingToShow(prefix);
  const total = sum(layers.map((layer) => layer.latency_cycles)) || 1;
  const least = new Map();
  for (const layer of layers) {
    const cycles = Math.min(layer.roofline_cycles, layer.latency_cycles);
    least.set(layer.bound_by, (least.get(layer.bound_by) || 0) + cycles);
  }
  const bounds = [...least].sort((one, other) => other[1] - one[1]);
  const over = total - sum(bounds.map(([, cycles]) => cycles));
  const parts = bounds.map(([bound, value]) => ({ label: boundName(bound), value, colour: boundColour(bound) }));
  parts.push({ label: "above the roofline", value: over, colour: "var(--over)" });
  const shares = parts.map((part) => `${part.label} ${percent(part.value / total)}`);
  return make("div", { class: "whole" },
    make("p", { class: "about" }, `${prefix}${sentence(bounds, over, total)}`),
    bar(parts, total, (value) => `${count(value)} cycles, ${percent(value / total)}`, run.model),
    legend(parts.map((part, number) => [shares[number], part.colour])));
}

const nothingToShow = (prefix) => make("p", { class: "about" }, `${prefix}no layer is priced.`);

function energyOfRun(run, prefix) {
  const layers = layersOf(run);
  if (!layers.length) return nothingToShow(prefix);
  const found = new Map();
  for (const part of layers.flatMap(energyParts)) {
    const known = found.get(part.label) || { label: part.label, value: 0, colour: part.colour };
    found.set(part.label, { ...known, value: known.value + part.value });
  }
  const order = ["operations", ...MEMORIES, "other"];
  const parts = [...found.values()].sort((one, other) => order.indexOf(one.label) - order.indexOf(other.label));
  const total = run.total.energy_pj || 1;
  return make("div", { class: "whole" },
    make("p", { class: "about" }, `${prefix}${costliest(layers, run)}`),
    bar(parts, total, (value) => `${energy(value)}, ${percent(value / total)}`, run.model),
    legend(parts.map((part) => [`${part.label} ${percent(part.value / total)}`, part.colour])));
}

function sentence(bounds, over, total) {
  const said = bounds.map(([bound, cycles]) =>
    `${bound === "units" ? "the array's units" : `the port of ${bound}`} for ${percent(cycles / total)}`);
  return `No mapping could save these cycles: ${said.join(", ")}. ${percent(over / total)} are what this mapping adds.`;
}

function costliest(layers, run) {
  const sorted = layers.map((layer) => layer.energy_pj).sort((one, other) => other - one);
  let spent = 0;
  const half = sorted.findIndex((pj) => (spent += pj) >= run.total.energy_pj / 2) + 1;
  return layers.length > 1 ? `${half} of ${layers.length} layers ${half === 1 ? "takes" : "take"} half of the energy.` : "";
}
