// What passes each memory, and what became of each node of the graph.

function memoryTable() {
  const rows = RUNS.flatMap((run, number) => MEMORIES.filter((name) => run.hardware && name in run.hardware.memories).reverse()
    .map((name) => memoryRow(run, number, name)));
  if (!rows.length) return [];
  const heads = [...(COMPARING ? ["Run"] : []), "Memory", "Size", "Elements read", "Elements written", "Energy", "Share"];
  return [
    make("h2", {}, "Memories"),
    make("p", { class: "about" }, "Accesses of all layers together, element by element, as ZigZag counts and charges them; the highest memory first."),
    plainTable(heads, rows, COMPARING ? 2 : 1),
  ];
}

function memoryRow(run, number, name) {
  const levels = mappedOf(run).flatMap((layer) => layer.breakdown.memory_energy).filter((level) => level.memory === name);
  const passed = (kind) => sum(levels.flatMap((level) => level.traffic).filter((way) => way.direction.startsWith(kind)).map((way) => way.elements));
  const spent = sum(levels.map((level) => level.energy_pj));
  return [...(COMPARING ? [LABELS_OF_RUNS[number]] : []), make("span", {}, make("i", { class: "swatch", style: { background: memoryColour(name) } }), name),
    bytes(run.hardware.memories[name]), count(passed("read")), count(passed("write")), energy(spent), percent(spent / (run.total.energy_pj || 1))];
}

const asked = { status: "" };

function nodeTable() {
  const run = RUNS.find((one) => one.coverage);
  if (!run) return [];
  const nodes = run.coverage.nodes;
  const names = Object.fromEntries(run.coverage.layers.map((layer) => [layer.id, layer]));
  const parts = statusParts((status) => nodes.filter((node) => node.status === status).length);
  const select = make("select", { id: "status", "aria-label": "Show nodes of status", change: (event) => { asked.status = event.target.value; place("nodes", nodeTable()); } },
    make("option", { value: "" }, `all ${nodes.length} nodes`),
    parts.map((part) => make("option", { value: part.status, selected: part.status === asked.status ? "" : false }, `${part.value} ${part.status}`)));
  const shown = nodes.filter((node) => !asked.status || node.status === asked.status);
  return [
    make("h2", {}, "Nodes of the graph"),
    make("p", { class: "about" }, "Every node of the model has one fate; the host's are in no number above."),
    bar(parts, nodes.length, (value) => `${value} nodes`, run.model),
    legend(parts.map((part) => [`${part.value} ${part.label}`, part.colour])),
    make("p", {}, select),
    make("div", { class: "rows" }, plainTable(["Node", "Operator", "Status", "Layers", "Why"], shown.map((node) => nodeRow(node, names)), 5, 4)),
  ];
}

function nodeRow(node, layers) {
  const kinds = [...new Set(node.layers.map((id) => layers[id] && layers[id].kind).filter((kind) => kind && kind !== "exact"))];
  const status = make("span", {}, make("span", { class: `tag${node.status === "host" ? " loud" : ""}` }, node.status),
    kinds.map((kind) => make("span", { class: `tag${kind === "approximate" ? " loud" : ""}` }, kind)));
  return [node.node || node.outputs[0] || "", node.op, status, node.layers.join(", "), node.why || ""];
}
