// The model's graph with its cost on it: a box for each layer with the nodes that it computes, coloured by what it takes.

const BOX = 178, HIGH = 62, ROW = 92, EDGE = 26;
const HOTTEST = [0.01, 0.03, 0.1, 0.3, 0.6];
const COSTS = {
  latency_cycles: ["cycles", (cycles) => `${count(cycles)} cycles`.replace("\u00a0 ", "\u00a0")],
  energy_pj: ["energy", energy],
};

/** Operators of the ONNX nodes that a layer computes: its own, then those that ride on it. */
function nodesOf(run) {
  const found = run.layers.map(() => []);
  const places = new Map(run.layers.map((layer, place) => [layer.id, place]));
  for (const node of run.coverage ? run.coverage.nodes : []) {
    for (const id of node.layers) if (places.has(id)) found[places.get(id)].push(node);
  }
  return found.map((nodes) => nodes.sort((one, other) => (one.status === "fused") - (other.status === "fused")));
}

class ModelGraph {
  constructor(runs) {
    this.runs = runs;
    this.cost = "latency_cycles";
    this.chosen = null;
    this.detail = make("div", { class: "chosen" });
    if (runs.length) this.take(runs[0]);
  }

  take(run) {
    this.run = run;
    this.nodes = nodesOf(run);
    this.drawn = run.graph.once || run.graph.whole;
    this.chosen = null;
  }

  parts() {
    if (!this.runs.length) return [];
    const again = (change) => (value) => { change(value); place("graph", this.parts()); this.open(); };
    const runs = this.runs.map((run) => [String(RUNS.indexOf(run)), `${LABELS_OF_RUNS[RUNS.indexOf(run)]}: ${run.accelerator}`]);
    this.legend = make("div");
    this.canvas = this.drawing();
    this.paint();
    requestAnimationFrame(() => this.canvas.begin(this.x(this.top())));
    return [
      make("h2", {}, "The model, and where it costs"),
      make("p", { class: "about" }, "A box is a layer, with the nodes of the model that it computes; a line is a tensor that another layer made. "
        + "Press a box for its mapping and its memories. Scroll or drag to move; the wheel with Ctrl, or the buttons, to zoom."),
      make("div", { class: "controls" },
        runs.length > 1 ? choice("Run", "graph-run", runs, String(RUNS.indexOf(this.run)), again((value) => this.take(RUNS[value]))) : null,
        choice("Colour", "graph-cost", Object.entries(COSTS).map(([id, [name]]) => [id, name]), this.cost, (value) => { this.cost = value; this.paint(); }),
        this.run.graph.once ? choice("Repeated blocks", "graph-blocks", [["once", "once"], ["whole", "every layer"]], this.drawn === this.run.graph.once ? "once" : "whole",
          again((value) => { this.drawn = this.run.graph[value]; })) : null,
        make("button", { type: "button", id: "graph-costliest", click: () => this.nextCostliest() }, "costliest"), this.canvas.buttons()),
      this.canvas.box, this.legend, this.detail,
    ];
  }

  // what a box shows

  layer(place) {
    return this.run.layers[place];
  }

  /** Of all layers that a box stands for. */
  amount([place, , , times], cost = this.cost) {
    const layer = this.layer(place);
    return priced(layer) ? layer[cost] * times : null;
  }

  operators(place) {
    const names = this.nodes[place].map((node) => node.op.split(".").pop());
    return names.length ? names.join(" · ") : this.layer(place).operator_type;
  }

  said(box) {
    const [place, , , times] = box;
    const layer = this.layer(place);
    const costs = layer.error ? ["not priced"] : Object.keys(COSTS).map((cost) => `${COSTS[cost][1](this.amount(box, cost))}, ${percent(this.amount(box, cost) / (this.run.total[cost] || 1))} of the run`);
    return [layer.name, this.operators(place), ...(times > 1 ? [`${times} layers alike, together:`] : []), ...costs].join("\n");
  }

  // drawing

  /** The middle of what stands in the first row. */
  top() {
    const boxes = [...this.drawn.layers, ...this.drawn.outer].filter(([, , row]) => row === 0);
    return sum(boxes.map(([, middle]) => middle)) / boxes.length;
  }

  x(middle) {
    return EDGE + middle * BOX;
  }

  y(row) {
    return EDGE + row * ROW;
  }

  drawing() {
    const { layers, outer, width, rows } = this.drawn;
    const svg = draw("svg", { class: "graph", role: "img", "aria-label": `The graph of ${this.run.model}`,
      click: (event) => this.press(event), mousemove: (event) => this.hover(event), mouseleave: () => { tooltip.hidden = true; } });
    this.boxes = new Map(layers.map((box) => [box[0], this.box(box)]));
    svg.append(...this.frames(), draw("path", { class: "edges", d: this.edges() }), draw("path", { class: "edges again", d: this.returns() }),
      ...outer.map((one) => this.outer(one)), ...this.boxes.values());
    return new Canvas(svg, width * BOX + 2 * EDGE + 30, rows * ROW - (ROW - HIGH) + 2 * EDGE, `The graph of ${this.run.model}, ${several(layers.length, "box", "boxes")}`);
  }

  box(box) {
    const [place, middle, row, times] = box, left = this.x(middle) - BOX / 2, top = this.y(row);
    const line = (text, down, cls) => draw("text", { x: left + 10, y: top + down, class: cls }, text);
    return draw("g", { "data-place": place },
      times > 1 ? draw("rect", { class: "stack", x: left + 5, y: top + 5, width: BOX, height: HIGH, rx: 7 }) : null,
      draw("rect", { x: left, y: top, width: BOX, height: HIGH, rx: 7 }), line(shortened(this.layer(place).name, 23), 19, "name"), line(shortened(this.operators(place), 28), 36, ""), line("", 53, "cost"));
  }

  outer([name, middle, row]) {
    const [kind, what] = [name.slice(0, name.indexOf(":")), name.slice(name.indexOf(":") + 1)];
    const left = this.x(middle) - BOX / 2, top = this.y(row) + HIGH - 28;
    return draw("g", { class: `outer ${kind}`, "data-said": kind === "host" ? `computed by the host, in no number: ${what}` : `input of the model: ${what}` },
      draw("rect", { x: left + 24, y: top, width: BOX - 48, height: 28, rx: 14 }), draw("text", { x: this.x(middle), y: top + 18, "text-anchor": "middle" }, shortened(what, 17)));
  }

  /** All edges as one path: the browser moves one thing, however many they are. */
  edges() {
    const steps = this.drawn.steps.map(([above, row, below]) => {
      const [top, bottom] = [this.y(row) + HIGH, this.y(row + 1)], middle = (top + bottom) / 2;
      return `M${this.x(above)} ${top}C${this.x(above)} ${middle} ${this.x(below)} ${middle} ${this.x(below)} ${bottom}`;
    });
    return [...steps, ...this.drawn.lanes.map(([at, row]) => `M${this.x(at)} ${this.y(row)}v${HIGH}`)].join("");
  }

  /** What a block hands to its next repetition: around its right side. */
  returns() {
    const at = new Map(this.drawn.layers.map(([place, middle, row]) => [place, [this.x(middle), this.y(row)]]));
    return this.drawn.again.map(([source, target]) => {
      const [[fromX, fromY], [toX, toY]] = [at.get(source), at.get(target)], side = Math.max(fromX, toX) + BOX / 2 + 16;
      return `M${fromX + BOX / 2} ${fromY + HIGH - 14}H${side - 6}Q${side} ${fromY + HIGH - 14} ${side} ${fromY + HIGH - 20}V${toY + 18}Q${side} ${toY + 12} ${side - 6} ${toY + 12}H${toX + BOX / 2}`;
    }).join("");
  }

  frames() {
    return this.drawn.frames.map(([left, right, first, last, times]) => draw("g", { class: "frame" },
      draw("rect", { x: this.x(left) - BOX / 2 - 12, y: this.y(first) - 20, width: (right - left + 1) * BOX + 40, height: (last - first) * ROW + HIGH + 32, rx: 12 }),
      draw("text", { x: this.x(left) - BOX / 2 - 4, y: this.y(first) - 6 }, `${times} times`)));
  }

  /** Colours and numbers by the chosen cost. */
  paint() {
    const amounts = this.drawn.layers.map((box) => this.amount(box));
    const most = Math.max(...amounts.map((one) => one || 0), 0) || 1, total = this.run.total[this.cost] || 1;
    const [name, write] = COSTS[this.cost];
    this.drawn.layers.forEach(([place], number) => {
      const group = this.boxes.get(place), amount = amounts[number];
      const step = amount === null ? "lost" : `s${HOTTEST.filter((share) => amount > share * most).length}`;
      group.setAttribute("class", `layer ${step}${place === this.chosen ? " chosen" : ""}`);
      group.lastChild.textContent = amount === null ? "not priced" : `${write(amount)}, ${percent(amount / total)}`;
    });
    const from = (share) => write(share * most);
    const steps = [`up to ${from(HOTTEST[0])}`, ...HOTTEST.map((share) => `above ${from(share)}`)];
    this.legend.replaceChildren(legend(steps.map((text, number) => [text, `var(--m${number})`])),
      make("p", { class: "about" }, `${name === "energy" ? "Energy" : "Cycles"} of all that a box stands for; the strongest colour is for boxes above 60 % of the costliest.${this.drawn.frames.length ? " Blocks that come again and again are drawn once, with all their repetitions in the numbers." : ""}`));
  }

  // the pointer

  at(event) {
    return event.target.closest("g[data-place], g[data-said]");
  }

  hover(event) {
    const group = this.at(event);
    if (!group || this.canvas.moment && this.canvas.dragged) { tooltip.hidden = true; return; }
    const box = group.dataset.place === undefined ? null : this.drawn.layers.find(([place]) => place === Number(group.dataset.place));
    tell(box ? this.said(box) : group.dataset.said, event.clientX, event.clientY);
  }

  press(event) {
    const group = this.at(event);
    if (!group || group.dataset.place === undefined || this.canvas.dragged) return;
    this.choose(Number(group.dataset.place));
  }

  choose(place) {
    this.chosen = this.chosen === place ? null : place;
    this.paint();
    this.open();
  }

  /** The costliest box; pressed again, the next. */
  nextCostliest() {
    const order = [...this.drawn.layers].sort((one, other) => (this.amount(other) || 0) - (this.amount(one) || 0));
    const now = order.findIndex(([place]) => place === this.chosen);
    this.go(order[(now + 1) % order.length][0]);
  }

  go(place) {
    const box = this.drawn.layers.find((one) => one[0] === place);
    if (!box) return;
    this.chosen = null;
    this.choose(place);
    this.canvas.show(this.x(box[1]), this.y(box[2]) + HIGH / 2);
  }

  /** What is known of the chosen layer, below the graph. */
  open() {
    if (!this.runs.length) return;
    this.detail.replaceChildren(...(this.chosen === null ? [] : this.opened(this.chosen)));
  }

  opened(place) {
    const layer = this.layer(place), nodes = this.nodes[place], box = this.drawn.layers.find((one) => one[0] === place);
    const listed = () => { openRow(layer.name); document.querySelector("#table tr.detail").scrollIntoView({ block: "center" }); };
    return [
      make("h3", {}, layer.name, make("button", { type: "button", id: "graph-listed", click: listed }, "show among the layers")),
      nodes.length ? make("p", { class: "facts" }, "computes ", nodes.map((node) => `${node.op} ${node.node || node.outputs[0]}${node.status === "fused" ? " (fused)" : ""}${node.layers.length > 1 ? `, with ${several(node.layers.length - 1, "other layer", "other layers")}` : ""}`).join("; ")) : null,
      make("p", { class: "facts" }, this.fed(place)),
      box && box[3] > 1 ? make("p", { class: "facts" }, `the first of ${box[3]} layers alike: the numbers below are of one of them`) : null,
      make("div", { class: "scroll" }, detail(layer, RUNS.indexOf(this.run))),
    ].filter((part) => part !== null);
  }

  fed(place) {
    const feeds = this.run.graph.feeds, names = (sources) => sources.map((one) => typeof one === "number" ? this.layer(one).name : one === "const" ? "a constant" : one.replace(":", " "));
    const from = Object.entries(feeds[place]).filter(([, sources]) => sources.length).map(([operand, sources]) => `${operand} from ${names(sources).join(", ")}`);
    const readers = feeds.flatMap((operands, reader) => Object.values(operands).flat().includes(place) ? [this.layer(reader).name] : []);
    return [...from, readers.length ? `read by ${readers.slice(0, 6).join(", ")}${readers.length > 6 ? ` and ${readers.length - 6} more` : ""}` : "read by no other layer"].join("; ");
  }
}

/** A text of `most` characters at most: its number and its end stay. */
function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 11)}…${text.slice(-10)}`;
}

const MODEL_GRAPH = new ModelGraph(RUNS.filter((run) => run.graph && run.layers.length));
