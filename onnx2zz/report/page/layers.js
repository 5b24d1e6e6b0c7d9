// The layers: sort and filter, which the charts above follow, and the table whose rows open.

/** `once`: layers of repeated blocks are shown once; `open`: the rows that are. */
const view = { words: "", type: "", sort: "order", down: false, once: REPEATED, open: new Set() };

const first = (row) => row.layers.find(priced) || {};
const amounts = (row, of) => row.layers.map((layer) => priced(layer) ? of(layer) : null);

const COLUMNS = [
  { id: "name", head: "Layer", text: true, value: (row) => row.name },
  { id: "type", head: "Operator", text: true, value: (row) => row.type, cell: (row) => row.type },
  { id: "macs", head: "MACs", value: (row) => first(row).macs, cell: (row) => first(row).macs ? whole(first(row).macs) : "" },
  ...sides("cycles", "Cycles", (layer) => layer.latency_cycles, whole),
  ...sides("energy", "Energy", (layer) => layer.energy_pj, energy),
  ...sides("use", ON_ONE ? "Units at work" : "Units mapped", (layer) => inUse(layer) ?? layer.spatial_utilization, percent, !COMPARING),
  ...(ON_ONE ? [] : [
    { id: "cores", head: COMPARING ? "Cores (A)" : "Cores", text: true, value: (row) => first(row).use ? coreNames(first(row).use.cores) : "" , cell: (row) => first(row).use ? coreNames(first(row).use.cores) : "" },
    { id: "split", head: COMPARING ? "Split (A)" : "Split", text: true, value: (row) => first(row).use ? splitOf(first(row).use) : "", cell: (row) => first(row).use ? splitOf(first(row).use) : "" },
  ]),
  ...(!ON_ONE ? [] : [{ id: "bound", head: COMPARING ? "Bound by (A)" : "Bound by", text: true, value: (row) => first(row).bound_by || "", cell: (row) =>
    make("span", {}, first(row).bound_by ? boundName(first(row).bound_by) : "", first(row).below_roofline ? " (below the roofline)" : "") }]),
];

function sideOf(id, number) {
  return number ? `${id}${LABELS_OF_RUNS[number]}` : id;
}

/** A column for each run, and how each beside the first compares with it. */
function sides(id, head, of, write, wanted = true) {
  if (!wanted) return [];
  const each = RUNS.map((_, number) => ({
    id: sideOf(id, number), head: COMPARING ? `${head} ${LABELS_OF_RUNS[number]}` : head,
    value: (row) => amounts(row, of)[number], cell: (row) => write(amounts(row, of)[number]),
  }));
  const relative = LABELS_OF_RUNS.slice(1).map((label, before) => ({ id: `${id}Ratio${before + 1}`, head: `${label} / A`,
    value: (row) => amounts(row, of)[before + 1] / amounts(row, of)[0], cell: (row) => ratio(amounts(row, of)[0], amounts(row, of)[before + 1]) }));
  return COMPARING ? [...each, ...relative] : each;
}

const ORDER = { id: "order", head: "Order of execution", value: (row) => row.order };
const sortable = [ORDER, ...COLUMNS];

function shownRows() {
  const found = ROWS.filter((row) => (!view.once || row.repeats === row.name) && (!view.type || row.type === view.type) && says(row.name, view.words));
  return sorted(found, sortable.find((column) => column.id === view.sort).value, view.down);
}

function controls() {
  const types = [...new Set(ROWS.map((row) => row.type))].sort();
  const redrawn = (change) => (value) => { change(value); refresh(); };
  place("controls", make("div", { class: "controls" },
    wordsField(`Filter ${ROWS.length} layers by name`, redrawn((value) => { view.words = value; })),
    choice("Operator", "type", [["", "all"], ...types.map((type) => [type, type])], view.type, redrawn((value) => { view.type = value; })),
    REPEATED ? choice("Repeated layers", "layers-once", [["once", "once"], ["whole", "every one"]], view.once ? "once" : "whole", redrawn((value) => { view.once = value === "once"; })) : null,
    choice("Sort by", "sort", sortable.map((column) => [column.id, column.head]), view.sort, redrawn((value) => {
      view.sort = value; view.down = !["order", "name", "type", "bound", "cores", "split"].includes(value); }))));
}

/** Opens a layer's row, and shows every layer where another one stands for it. */
function openRow(name) {
  if (view.once && ROWS.some((row) => row.name === name && row.repeats !== name)) {
    view.once = false;
    document.getElementById("layers-once").value = "whole";
  }
  view.open.add(name);
  refresh();
}

function sortBy(column) {
  turn(view, column);
  document.getElementById("sort").value = column.id;
  refresh();
}

function layerTable(rows) {
  return [
    make("h2", {}, "Layers"),
    make("p", { class: "about" }, ON_ONE ? "A layer opens on its mapping: loops, the memory that holds each operand meanwhile, what runs in parallel, and what passes each memory."
      : "A layer opens on where and when it runs."),
    make("div", { class: "scroll" }, make("table", { id: "table" }, make("thead", {}, sortHeads(COLUMNS, view, sortBy)), make("tbody", {}, rows.flatMap(lines), totals()))),
  ];
}

function lines(row) {
  const open = view.open.has(row.name);
  const toggle = () => { open ? view.open.delete(row.name) : view.open.add(row.name); refresh(); };
  const button = make("button", { type: "button", "aria-expanded": String(open), title: row.name }, row.name);
  const many = view.once && row.times > 1 ? make("small", {}, ` ${row.times} times`) : null;
  const line = make("tr", { class: "opens", click: toggle }, COLUMNS.map((column) => column.id === "name"
    ? make("td", { class: "name text" }, button, many) : make("td", { class: kindOf(column) }, column.cell(row))));
  return open ? [line, make("tr", { class: "detail" }, make("td", { colspan: COLUMNS.length }, make("div", { class: "sides" },
    row.layers.map((layer, number) => layer && detail(layer, number)))))] : [line];
}

function detail(layer, number) {
  const prefix = COMPARING ? `${LABELS_OF_RUNS[number]}: ` : "";
  if (layer.error) return make("div", { class: "facts" }, prefix + layer.error);
  if (layer.use) return make("div", { class: "facts" }, prefix + useOf(layer));
  const roof = `at least ${whole(layer.roofline_cycles)} cycles (${boundName(layer.bound_by)}), ${whole(layer.latency_cycles)} with this mapping; ${percent(layer.spatial_utilization)} of the units mapped`;
  return make("div", {}, make("p", { class: "facts" }, prefix + roof), choiceOf(layer), make("div", { class: "sides" }, nest(layer), accesses(layer)));
}

/** What passes each memory for each operand, and what that costs. */
function accesses(layer) {
  const share = (pj) => [energy(pj), percent(pj / (layer.energy_pj || 1))];
  const passed = (level, kind) => count(sum(level.traffic.filter((way) => way.direction.startsWith(kind)).map((way) => way.elements)));
  const levels = [...MEMORIES].reverse().flatMap((name) => layer.breakdown.memory_energy.filter((level) => level.memory === name));
  const rows = levels.filter((level) => level.traffic.some((way) => way.elements))
    .map((level) => [level.memory, level.operand, passed(level, "read"), passed(level, "write"), ...share(level.energy_pj)]);
  const { operations, operation_energy_pj: spent } = layer.breakdown;
  return plainTable(["Memory", "Operand", "Read", "Written", "Energy", "Share"],
    [...rows, ["the array", "", `${count(operations)} op.`, "", ...share(spent)]], 2);
}

function totals() {
  const incomplete = RUNS.some((run) => run.total.incomplete);
  const filled = { name: incomplete ? "Incomplete" : "Total", macs: nothingPriced(RUNS[0]) ? "" : whole(RUNS[0].total.macs) };
  RUNS.forEach((run, number) => {
    filled[sideOf("cycles", number)] = nothingPriced(run) ? "not priced" : whole(run.total.latency_cycles);
    filled[sideOf("energy", number)] = nothingPriced(run) ? "not priced" : energy(run.total.energy_pj);
  });
  if (COMPARING && !incomplete) {
    RUNS.forEach((run, number) => {
      filled[`cyclesRatio${number}`] = ratio(RUNS[0].total.latency_cycles, run.total.latency_cycles);
      filled[`energyRatio${number}`] = ratio(RUNS[0].total.energy_pj, run.total.energy_pj);
    });
  }
  return make("tr", { class: "total" }, COLUMNS.map((column) => make("td", { class: kindOf(column) }, filled[column.id] || "")));
}
