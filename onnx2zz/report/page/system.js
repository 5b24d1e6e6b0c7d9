// On a system of cores: the bound, where each layer runs, and what cores, links and ports do.

const PORTIONS = [["cores_pj", "cores", "var(--units)"], ["links_pj", "links", "var(--m2)"], ["offchip_pj", "off chip", "var(--m5)"]];
const MOST_CORES = 64;

/** The parts of a system's energy that its total is the sum of. */
const portions = ({ energy: parts }) => PORTIONS.filter(([key]) => parts[key])
  .map(([key, label, colour]) => ({ label, value: parts[key], colour }));

/** The cycles after which cores and links do the same again: of one frame alone, all that it takes. */
const roundOf = (system) => system.pipeline ? system.pipeline.interval_cycles : system.latency_cycles;

/** The latency, below what none lies and why, and the gap. */
function boundOfSystem(run, prefix) {
  const { latency_cycles: latency, bound_cycles: least, bound_by: why, gap } = run.system;
  const parts = [
    { label: `needed by ${why}`, value: Math.min(least, latency), colour: "var(--units)" },
    { label: "above the bound", value: Math.max(latency - least, 0), colour: "var(--over)" },
  ];
  return make("div", { class: "whole" },
    make("p", { class: "about" }, `${prefix}No schedule of this model on this system takes fewer than ${whole(least)} cycles (${why}); `
      + `this one takes ${whole(latency)}${gap ? `, ${gap.toFixed(3)} times as many` : ""}.`),
    bar(parts, latency || 1, (value) => `${count(value)} cycles`, run.model),
    legend(parts.map((part) => [`${part.label} ${percent(part.value / (latency || 1))}`, part.colour])));
}

function energyOfSystem(run, prefix) {
  const parts = portions(run.system);
  const total = sum(parts.map((part) => part.value)) || 1;
  const resting = run.system.energy.static_pj;
  return make("div", { class: "whole" },
    make("p", { class: "about" }, `${prefix}The layers below have the energy of their cores; links and off-chip memory come on top.`
      + (resting ? ` Beside it all, static: ${energy(resting)}.` : "")),
    bar(parts, total, (value) => `${energy(value)}, ${percent(value / total)}`, run.model),
    legend(parts.map((part) => [`${part.label} ${percent(part.value / total)}`, part.colour])));
}

/** `0-3, 8`. */
function coreNames(cores) {
  const runs = [];
  for (const core of cores) {
    const last = runs[runs.length - 1];
    if (last && core === last[1] + 1) last[1] = core;
    else runs.push([core, core]);
  }
  return runs.map(([from, to]) => from === to ? `${from}` : `${from}-${to}`).join(", ");
}

function splitOf(use) {
  const said = (cut) => Object.entries(cut).map(([loop, number]) => `${loop} ${number}`).join(", ");
  return [said(use.split), said(use.turns) && `${said(use.turns)} in turn`].filter(Boolean).join("; ");
}

const useOf = (layer) => `cores ${coreNames(layer.use.cores)}${splitOf(layer.use) ? `: ${splitOf(layer.use)}` : ""}; `
  + `${several(layer.use.tiles, "tile", "tiles")}, from cycle ${whole(layer.use.start)} to ${whole(layer.use.end)}`;

function systemCard() {
  const shown = RUNS.filter((run) => run.system);
  return shown.flatMap((run) => {
    const prefix = COMPARING ? `${LABELS_OF_RUNS[RUNS.indexOf(run)]}: ` : "";
    return [...pipelineOf(run, prefix), make("h2", {}, `${prefix}Cores and links`), ...spillsOf(run), ...coresOf(run), ...linksOf(run)];
  });
}

/** What frames that follow each other come to, and what other numbers of cores do. */
function pipelineOf(run, prefix) {
  const { pipeline, core_counts: counts, clock_mhz: clock } = run.system;
  if (!pipeline) return [];
  const { interval_cycles: interval, interval_bound_cycles: least, interval_bound_by: why, interval_gap: gap, frames } = pipeline;
  const rate = clock ? ` (${whole(clock * 1e6 / interval)} frames a second)` : "";
  return [
    make("h2", {}, `${prefix}Frame after frame`),
    make("p", { class: "about" }, `A frame every ${whole(interval)} cycles${rate}, ${pipeline.in_flight} in flight${pipeline.batch > 1 ? `, ${pipeline.batch} at a time through each layer` : ""}. `
      + `No interval is below ${whole(least)} (${why})${gap ? `; this one is ${gap.toFixed(3)} times that` : ""}. `
      + (pipeline.own_bound_cycles ? `On just the ${several(pipeline.own_cores, "core", "cores")} at work none is below ${whole(pipeline.own_bound_cycles)}. ` : "")
      + `Before the first frame ${bytes(pipeline.setup_bits)} of weights come that stay: ${whole(pipeline.setup_cycles)} cycles, `
      + `${energy(pipeline.setup_energy_pj)}; with them ${several(frames, "frame takes", "frames take")} ${whole(pipeline.all_cycles)} cycles and ${energy(pipeline.all_energy_pj)}.`),
    ...(counts && counts.length ? coreCounts(counts) : []),
  ];
}

function coreCounts(counts) {
  const rows = counts.map((one) => [`${one.cores}`, one.on_front ? "front" : "", whole(one.interval_cycles), whole(one.latency_cycles),
    energy(one.energy_pj), `${bytes(one.setup_bits)}${one.stays ? "" : " of more"}`]);
  return [
    make("p", { class: "about" }, "On fewer cores, those nearest to the port; on the front are those that none is better than in cores, interval or energy without being worse in another."),
    plainTable(["Cores", "Front", "Interval", "Latency", "Energy", "Weights that stay"], rows, 2),
  ];
}

/** Whose outputs go off the chip for want of room and come back. */
function spillsOf(run) {
  const spills = [...(run.system.spills || [])].sort((one, other) => other.out_bits - one.out_bits || one.layer - other.layer);
  if (!spills.length) return [];
  const rows = spills.slice(0, MOST_CORES).map((one) => [run.layers[one.layer].name, bytes(one.out_bits), bytes(one.back_bits)]);
  return [
    make("p", { class: "about" }, `Outputs that go off the chip for want of room and come back to the cores that read them${spills.length > MOST_CORES ? `: the largest ${MOST_CORES} of ${spills.length}` : ""}.`),
    plainTable(["Layer", "Out", "Back"], rows),
  ];
}

function coresOf(run) {
  const { cores } = run.system, round = roundOf(run.system);
  const busiest = [...cores].sort((one, other) => other.busy_cycles - one.busy_cycles || one.id - other.id);
  const rows = busiest.slice(0, MOST_CORES).map((core) => [`${core.id}`, core.accelerator, percent(core.busy_cycles / round),
    core.capacity_bits ? percent(core.peak_bits / core.capacity_bits) : "", energy(core.energy_pj)]);
  return [
    make("p", { class: "about" }, `The busiest first${cores.length > MOST_CORES ? `, ${MOST_CORES} of ${cores.length}` : ""}; memory is the highest of the core, at its fullest.`),
    plainTable(["Core", "Accelerator", "Busy", "Memory", "Energy"], rows, 2),
  ];
}

function linksOf(run) {
  const { links } = run.system, round = roundOf(run.system);
  const used = links.filter((link) => link.bits).sort((one, other) => other.busy_cycles - one.busy_cycles || one.id.localeCompare(other.id));
  if (!used.length) return [];
  const rows = used.slice(0, MOST_CORES).map((link) => [link.id, percent(link.busy_cycles / round), bytes(link.bits),
    `${link.bandwidth}`, link.energy_pj ? energy(link.energy_pj) : ""]);
  return [
    make("p", { class: "about" }, `Links, buses and the off-chip port that carry anything${used.length > MOST_CORES ? `: the busiest ${MOST_CORES} of ${used.length}` : ""}.`),
    plainTable(["Link", "Busy", "Carried", "bit a cycle", "Energy"], rows),
  ];
}
