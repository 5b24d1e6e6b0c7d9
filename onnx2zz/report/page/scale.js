// What decides at scale: work, weights and caches by block, and what a token, a frame or a sample costs.

function scaleCard() {
  const told = RUNS.flatMap((run, number) => scaleOf(run, COMPARING ? `${LABELS_OF_RUNS[number]}: ` : ""));
  return told.length ? [make("h2", {}, "At scale"), ...told] : [];
}

function scaleOf(run, prefix) {
  const all = run.footprint;
  const blocks = (run.blocks || []).filter((block) => block.footprint);
  const table = all && (blocks.length || all.cache_bits);
  if (!table && !run.per) return [];
  return [
    run.per ? make("p", {}, prefix + rateTold(run.per)) : null,
    table ? make("p", { class: "about" }, `${run.per ? "" : prefix}Weights are what layers read that is known before the run, caches what a run hands on to the next; `
      + "MACs a bit if each tensor of each layer comes once.") : null,
    table ? make("div", { class: "rows" }, plainTable(["", "MACs", "Weights", "Caches", "MACs a bit", "Energy"], partsOf(run, all, blocks), 1)) : null,
  ];
}

function partsOf(run, all, blocks) {
  const named = (block) => `${block.times} × ${several(block.layers, "layer", "layers")} from ${run.layers[block.first].name}`;
  return [
    ...blocks.map((block) => scaleRow(named(block), block.footprint)),
    ...(run.outside_blocks ? [scaleRow("other layers", run.outside_blocks)] : []),
    scaleRow("all layers", all),
  ];
}

const scaleRow = (name, part) => [name, whole(part.macs), part.weight_bits ? bytes(part.weight_bits) : "", part.cache_bits ? bytes(part.cache_bits) : "",
  part.macs_per_bit === null ? "" : Number(part.macs_per_bit.toPrecision(3)), energy(part.energy_pj)];

function rateTold(rate) {
  const speed = rate.per_second === null ? "no clock is known that would say how many a second"
    : `${rate.incomplete ? "at most " : ""}${Number(rate.per_second.toPrecision(4)).toLocaleString("en")} ${rate.unit}s a second`;
  return `For a ${rate.unit}: ${rate.incomplete ? "at least " : ""}${energy(rate.joules * 1e12)}, ${whole(rate.latency_cycles)} cycles, `
    + `${whole(rate.macs)} MACs; ${speed} (${several(rate.count, rate.unit, `${rate.unit}s`)} in a run: ${rate.decided}).`;
}
