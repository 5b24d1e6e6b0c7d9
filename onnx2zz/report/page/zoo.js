// A run of the zoo: which models are green, what moved, what they cost, what became of their nodes.

const MODELS = DATA.models.map((model, order) => ({ ...model, order }));
const zooView = { words: "", models: { sort: "order", down: false }, moved: { sort: "order", down: false } };
const PLACES = DATA.accelerators.map((name, number) => ({ name, colour: `var(${HUES[number % HUES.length]})` }));
const priceOf = (model, accelerator) => model.prices[accelerator] || {};

const MODEL_COLUMNS = [
  { id: "name", head: "Model", text: true, value: (model) => model.name },
  { id: "verdict", head: "Verdict", text: true, value: (model) => model.verdict,
    cell: (model) => make("span", { class: `tag${model.green ? "" : " loud"}` }, model.verdict) },
  { id: "origin", head: "From", text: true, value: (model) => model.origin },
  { id: "layers", head: "Layers", value: (model) => model.layers, cell: (model) => whole(model.layers) },
  { id: "macs", kind: "", head: "MACs", value: (model) => model.macs, cell: (model) => count(model.macs) },
  { id: "checked", head: "Nodes right", value: (model) => model.matched, cell: (model) => `${model.matched} of ${model.exact}` },
  ...DATA.accelerators.flatMap((name) => ["energy_pj", "latency_cycles"].map((id) => ({
    id: `${id} ${name}`, kind: "", head: `${id === "energy_pj" ? "Energy" : "Cycles"}, ${name}`,
    value: (model) => priceOf(model, name)[id], cell: (model) => measured(id, priceOf(model, name)[id]) }))),
];

const said = (value) => typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 10 }) : value ?? "none";

const MOVED_COLUMNS = [
  { id: "model", head: "Model", text: true, value: (one) => one.model },
  { id: "place", head: "Where", text: true, value: (one) => one.place },
  { id: "what", head: "What", text: true, value: (one) => one.what },
  { id: "was", head: "Was", value: (one) => one.was, cell: (one) => said(one.was) },
  { id: "now", head: "Is", value: (one) => one.now, cell: (one) => said(one.now) },
  { id: "by", head: "By", value: (one) => one.by, cell: (one) => one.by === null ? "" : `${one.by > 0 ? "+" : ""}${(100 * one.by).toFixed(3)} %` },
];

function zooHead() {
  const green = MODELS.filter((model) => model.green).length;
  const total = (of) => sum(MODELS.map(of));
  place("title", `${green} of ${MODELS.length} models green`);
  place("subtitle", DATA.how);
  place("headline", [
    plainTile("Green", `${green} of ${MODELS.length}`, green === MODELS.length ? "nothing moved" : "see below"),
    plainTile("Layers", whole(total((model) => model.layers)), `${count(total((model) => model.macs))} MACs`),
    plainTile("Nodes run", whole(total((model) => model.checked)), `of ${whole(total((model) => model.exact))}, against onnxruntime`),
    plainTile("Nodes that match", whole(total((model) => model.matched)), `${whole(total((model) => model.points))} values compared`),
    plainTile("Priced", whole(MODELS.filter((model) => Object.keys(model.prices).length).length), `on ${DATA.accelerators.join(", ")}`),
    plainTile("Moved", whole(DATA.moved.length), "against the golden numbers"),
  ]);
  const notices = [
    ...MODELS.flatMap((model) => model.faults.map((fault) => [`${model.name}:`, fault])),
    ...(DATA.moved.length ? [[`${DATA.moved.length} numbers are not the golden ones.`, DATA.versions.join("; ")]] : []),
    ...MODELS.flatMap((model) => Object.entries(model.unpriced).filter(([, layers]) => layers).map(([name, layers]) =>
      [`${model.name} on ${name} is incomplete:`, `${several(layers, "layer has", "layers have")} no price.`])),
    ...MODELS.filter((model) => model.hosts.length).map((model) => [`${model.name} leaves to the host:`, model.hosts.join("; ")]),
    ...MODELS.filter((model) => model.stand_ins.length).map((model) => [`${model.name} approximates:`, model.stand_ins.join("; ")]),
  ];
  place("notices", noticeList(notices));
  place("origin", `By onnx2zz ${DATA.onnx2zz}. Energy and latency are ZigZag's, with the mapping that ships for the accelerator.`);
}

function drawZoo() {
  const models = MODELS.filter((model) => says(`${model.name} ${model.origin} ${model.verdict}`, zooView.words));
  const names = new Set(models.map((model) => model.name));
  place("models", make("h2", {}, "Models"), make("p", { class: "about" }, "Compiled, run against onnxruntime, priced, and compared with what was found before."),
    listing("table", MODEL_COLUMNS, models, zooView.models, drawZoo));
  const moved = DATA.moved.map((one, order) => ({ ...one, order })).filter((one) => names.has(one.model));
  place("moved", DATA.moved.length ? [make("h2", {}, "What moved"), ...listing("moves", MOVED_COLUMNS, moved, zooView.moved, drawZoo)] : []);
  const points = models.flatMap((model) => PLACES.filter(({ name }) => model.prices[name]).map((where) => ({ model, where, ...model.prices[where.name] })));
  const look = ({ model, where, ...price }) => ({ colour: where.colour, ring: false,
    text: `${model.name} on ${where.name}\n${whole(price.latency_cycles)} cycles, ${energy(price.energy_pj)}\n${(price.energy_pj / model.macs).toFixed(2)} pJ a MAC` });
  place("prices", points.length ? [make("h2", {}, "Energy over latency"), make("p", { class: "about" }, "Each model on each accelerator."),
    legend(PLACES.map(({ name, colour }) => [name, colour])),
    scatter(points, measureAxis("latency_cycles"), measureAxis("energy_pj"), look, "Energy over latency of the models")] : []);
  place("coverage", coverageCard(models.filter((model) => Object.keys(model.statuses).length)));
}

zooHead();
place("controls", make("div", { class: "controls" }, wordsField(`Filter ${MODELS.length} models by name, origin or verdict`, (words) => { zooView.words = words; drawZoo(); })));
startTheme(drawZoo);
addEventListener("resize", drawZoo);
