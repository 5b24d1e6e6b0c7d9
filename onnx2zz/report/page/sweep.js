// A sweep: its runs as points and as a table, those on a Pareto front marked.

const ROWS = DATA.runs.map((row, order) => ({ ...row, order }));
const MEASURED = Object.keys(MEASURES).filter((id) => ROWS.some((row) => row[id] !== null && row[id] !== undefined));
const ALTERNATIVES = Object.fromEntries(["model", ...DATA.varying].map((id) => [id, [...new Set(ROWS.map((row) => String(row[id] ?? "")))]]));
const sweepView = {
  words: "", only: "", model: ALTERNATIVES.model.at(-1), colour: DATA.varying.find((id) => ALTERNATIVES[id].length <= HUES.length) || DATA.varying[0],
  across: DATA.objectives[1] || DATA.objectives[0], up: DATA.objectives[0], sort: DATA.objectives[0], down: false,
};

const RUN_COLUMNS = [
  { id: "model", head: "Model", text: true, value: (row) => row.model },
  { id: "front", head: "Front", text: true, value: (row) => row.front ? "front" : "", cell: (row) => row.front ? make("span", { class: "tag loud" }, "front")
    : row.not_priced ? make("span", { class: "tag" }, `${row.not_priced} layers without a price`) : "" },
  ...DATA.varying.map((id) => ({ id, kind: "", head: id, text: typeof ROWS[0]?.[id] !== "number", value: (row) => row[id], cell: (row) => row[id] === undefined || row[id] === null ? "" : String(row[id]) })),
  ...MEASURED.map((id) => ({ id, head: MEASURES[id][0], value: (row) => row[id], cell: (row) => measured(id, row[id]) })),
];

function sweepHead() {
  const done = ROWS.filter((row) => row.run);
  const without = done.filter((row) => row.not_priced);
  const best = (id) => {
    const [row] = sorted(ROWS.filter((one) => one.model === sweepView.model && Number.isFinite(one[id])), (one) => one[id], false);
    return row ? plainTile(`Least ${MEASURES[id][0].toLowerCase()}, ${row.model}`, short(MEASURES[id][1])(row[id], 4), row.accelerator) : null;
  };
  place("title", `Sweep of ${DATA.models.length} model${DATA.models.length === 1 ? "" : "s"}: ${done.length} of ${DATA.asked} runs`);
  place("subtitle", DATA.file);
  place("headline", [
    plainTile("Runs done", `${done.length} of ${DATA.asked}`, `${new Set(done.map((row) => row.accelerator)).size} accelerators`),
    plainTile("On a front", whole(ROWS.filter((row) => row.front && row.run).length), DATA.objectives.map((id) => MEASURES[id][0].toLowerCase()).join(", ")),
    plainTile("Layers", whole(sum(done.map((row) => row.layers))), `${whole(DATA.priced)} priced in this start`),
    ...DATA.objectives.map(best),
  ].filter(Boolean));
  const notices = [
    ...(done.length < DATA.asked ? [[`${several(DATA.asked - done.length, "run is", "runs are")} missing:`, "a layer of theirs was given up; start the sweep again."]] : []),
    ...(without.length ? [[`${several(without.length, "run has", "runs have")} layers without a price, and so no totals:`, [...new Set(without.map((row) => `${row.model} on ${row.accelerator}`))].slice(0, 8).join("; ")]] : []),
    ...DATA.models.filter((model) => model.hosts.length).map((model) => [`${model.name} leaves to the host:`, model.hosts.join("; ")]),
    ...DATA.models.filter((model) => model.stand_ins.length).map((model) => [`${model.name} approximates:`, model.stand_ins.join("; ")]),
  ];
  place("notices", noticeList(notices));
  place("origin", `By onnx2zz ${DATA.onnx2zz}. Energy is ZigZag's energy_total, latency its latency_total2; the area is the sum of what the accelerator's files give, in their unit.`);
}

function drawSweep() {
  const text = (row) => RUN_COLUMNS.filter((column) => column.text).map((column) => String(column.value(row) ?? "")).join(" ");
  const rows = ROWS.filter((row) => (!sweepView.model || row.model === sweepView.model) && (!sweepView.only || row.front) && says(text(row), sweepView.words));
  const colours = hues(ALTERNATIVES[sweepView.colour]);
  const look = (row) => ({ ring: row.front, colour: colours[String(row[sweepView.colour] ?? "")],
    text: [`${row.model} on ${row.accelerator}`, ...DATA.varying.filter((id) => id !== "accelerator").map((id) => `${id}: ${row[id] ?? ""}`),
      ...MEASURED.map((id) => `${MEASURES[id][0]}: ${measured(id, row[id])}`), ...(row.front ? ["on the Pareto front"] : [])].join("\n") });
  const names = ALTERNATIVES[sweepView.colour];
  place("front", make("h2", {}, "Pareto front"),
    make("p", { class: "about" }, `Ringed: runs that no other beats in ${DATA.objectives.map((id) => MEASURES[id][0].toLowerCase()).join(", ")}, each model's for itself.`),
    names.length <= HUES.length ? legend(names.map((name) => [name, colours[name]])) : null,
    scatter(rows, measureAxis(sweepView.across), measureAxis(sweepView.up), look, "Runs of the sweep"));
  place("runs", make("h2", {}, "Runs"), listing("table", RUN_COLUMNS, rows, sweepView, drawSweep));
}

function sweepControls() {
  const set = (key) => (value) => { sweepView[key] = value; drawSweep(); };
  const measures = MEASURED.map((id) => [id, MEASURES[id][0]]);
  place("controls", make("div", { class: "controls" }, wordsField(`Filter ${ROWS.length} runs`, set("words")),
    choice("Model", "model", [["", "all"], ...ALTERNATIVES.model.map((name) => [name, name])], sweepView.model, set("model")),
    choice("Show", "only", [["", "all runs"], ["front", "the front only"]], sweepView.only, set("only")),
    choice("Across", "across", measures, sweepView.across, set("across")), choice("Up", "up", measures, sweepView.up, set("up")),
    choice("Colour", "colour", DATA.varying.map((id) => [id, id]), sweepView.colour, set("colour"))));
}

sweepHead();
sweepControls();
place("coverage", coverageCard(DATA.models));
startTheme(drawSweep);
addEventListener("resize", drawSweep);
