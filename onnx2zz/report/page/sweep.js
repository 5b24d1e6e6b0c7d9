// A sweep: its runs as points and as a table, those on a Pareto front marked.

const ROWS = DATA.runs.map((row, order) => ({ ...row, order }));
const MEASURED = Object.keys(MEASURES).filter((id) => ROWS.some((row) => row[id] !== null && row[id] !== undefined));
const ALTERNATIVES = Object.fromEntries(["model", ...DATA.varying].map((id) => [id, [...new Set(ROWS.map((row) => String(row[id] ?? "")))]]));
const sweepView = {
  words: "", only: "", model: ALTERNATIVES.model.at(-1), colour: DATA.varying.find((id) => ALTERNATIVES[id].length <= HUES.length) || DATA.varying[0],
  across: DATA.objectives[1] || DATA.objectives[0], up: DATA.objectives[0], axes: "zero", sort: DATA.objectives[0], down: false,
};

const CHOSEN = new ChosenRuns(() => drawSweep());

const RUN_COLUMNS = [
  { id: "model", head: "Model", text: true, value: (row) => row.model },
  { id: "front", head: "Front", text: true, value: (row) => row.front ? "front" : "", cell: (row) => row.front ? make("span", { class: "tag loud" }, "front")
    : row.not_priced ? make("span", { class: "tag" }, `${row.not_priced} layers without a price`) : "" },
  ...DATA.varying.map((id) => ({ id, kind: "", head: id, text: typeof ROWS[0]?.[id] !== "number", value: (row) => row[id], cell: (row) => written(row, id) })),
  ...MEASURED.map((id) => ({ id, head: MEASURES[id][0], value: (row) => row[id], cell: (row) => measured(id, row[id]) })),
];

/** A parameter or an option; the accelerator leads to the report of its run. */
function written(row, id) {
  const said = row[id] === undefined || row[id] === null ? "" : String(row[id]);
  return id === "accelerator" && DATA.reports[row.run] ? make("a", { href: address(`${DATA.reports[row.run]}.html`) }, said) : said;
}

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
  const look = (row) => ({ ring: row.front, press: () => CHOSEN.press(row), mark: CHOSEN.mark(row), colour: colours[String(row[sweepView.colour] ?? "")],
    text: [`${row.model} on ${row.accelerator}`, ...DATA.varying.filter((id) => id !== "accelerator").map((id) => `${id}: ${row[id] ?? ""}`),
      ...MEASURED.map((id) => `${MEASURES[id][0]}: ${measured(id, row[id])}`), ...(row.front ? ["on the Pareto front"] : [])].join("\n") });
  const names = ALTERNATIVES[sweepView.colour];
  place("front", make("h2", {}, "Pareto front"),
    make("p", { class: "about" }, `Ringed: runs that no other beats in ${DATA.objectives.map((id) => MEASURES[id][0].toLowerCase()).join(", ")}, each model's for itself.`),
    names.length <= HUES.length ? legend(names.map((name) => [name || "without", colours[name]])) : null,
    make("p", { class: "about" }, `Press a point: it leads to its run's report; press a second one, and the two are compared.${!sweepView.model || sweepView.model === ALL ? ` ${DATA.meaning_of_all}.` : ""}`),
    scatter(rows, measureAxis(sweepView.across), measureAxis(sweepView.up), look, "Runs of the sweep", sweepView.axes === "zero" ? zeroScale : fittingScale));
  place("chosen", CHOSEN.card());
  place("parallel", make("h2", {}, "All parameters and totals at once"),
    make("p", { class: "about" }, `A line is a run, from its parameters on the left to its totals on the right; runs of the front are drawn stronger. ${sweepView.axes === "zero" ? "Axes of numbers begin at zero." : "Axes begin at the least value."}`),
    parallel(rows, parallelAxes(), look, sweepView.axes === "zero", "Parameters and totals of the runs"));
  place("decisions", decisionsCard());
  place("runs", make("h2", {}, "Runs"), listing("table", RUN_COLUMNS, rows, sweepView, drawSweep));
}

const ALL = "all models";

function parallelAxes() {
  const parameters = DATA.varying.filter((id) => id !== "accelerator" || DATA.varying.length === 1)
    .map((id) => ({ id, name: id, of: (row) => row[id], write: (value) => String(value), text: ROWS.some((row) => typeof row[id] === "string") }));
  return [...parameters, ...MEASURED.filter((id) => DATA.objectives.includes(id) || id === "area").map((id) => ({ id, ...measureAxis(id), write: (value) => short(MEASURES[id][1])(value, 3) }))];
}

/** What the runs of the front buy, and which parameter moves which total. */
function decisionsCard() {
  const told = DATA.decisions[sweepView.model];
  if (!told || !(told.trade_offs.length || told.moves.length)) return [];
  const list = (title, about, sentences) => sentences.length ? [make("h2", {}, title), make("p", { class: "about" }, about), make("ul", { class: "why" }, sentences.map((one) => make("li", {}, one)))] : [];
  return [
    ...list(`What the front's runs buy, ${sweepView.model}`, "Each beside the run of the front with the least area, or else the least of the last objective.", told.trade_offs),
    ...list("Which parameter moves which total", "How many times the total of the first value: the geometric mean over runs that are alike in everything else, in brackets the least and the most of single pairs.", told.moves),
    ...(told.effects.length ? [effectTable(told.effects)] : []),
  ];
}

function effectTable(effects) {
  const totals = [...new Set(effects.map((one) => one.total))], from = (one) => JSON.stringify([one.parameter, one.values[0]]);
  const rows = [...new Set(effects.map(from))].map((first) => {
    const own = effects.filter((one) => from(one) === first);
    return [own[0].parameter, `${own[0].values[0]} → ${own[0].values.at(-1)}`, ...totals.map((total) => {
      const one = own.find((effect) => effect.total === total);
      return one ? `${Number(one.times.at(-1).toPrecision(3))}×` : "";
    })];
  });
  return plainTable(["Parameter", "From, to", ...totals.map((total) => MEASURES[total] ? MEASURES[total][0] : total)], rows, 2);
}

function sweepControls() {
  const set = (key) => (value) => { sweepView[key] = value; drawSweep(); };
  const measures = MEASURED.map((id) => [id, MEASURES[id][0]]);
  place("controls", make("div", { class: "controls" }, wordsField(`Filter ${ROWS.length} runs`, set("words")),
    choice("Model", "model", [["", "all"], ...ALTERNATIVES.model.map((name) => [name, name])], sweepView.model, set("model")),
    choice("Show", "only", [["", "all runs"], ["front", "the front only"]], sweepView.only, set("only")),
    choice("Across", "across", measures, sweepView.across, set("across")), choice("Up", "up", measures, sweepView.up, set("up")),
    choice("Axes", "axes", [["zero", "from zero"], ["fitted", "fitted to the runs"]], sweepView.axes, set("axes")),
    choice("Colour", "colour", DATA.varying.map((id) => [id, id]), sweepView.colour, set("colour"))));
}

sweepHead();
sweepControls();
place("coverage", coverageCard(DATA.models));
startTheme(drawSweep);
addEventListener("resize", drawSweep);
