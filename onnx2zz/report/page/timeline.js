// On a system of cores: who does what when. Rows of cores and links on a canvas, memory over time, the map of the chip.

const STRIP = 12, RULER = 18, LEAST_ROW = 3, MOST_ROW = 20, MOST_HEIGHT = 520, LABELS = 64, HELD = 110;
const BUSIEST = [["cores", "var(--units)"], ["links", "var(--m2)"], ["the off-chip port", "var(--m5)"]];
const TIMELINES = [];

/** A colour for each layer, neighbours far apart. */
const layerColour = (layer) => `hsl(${(layer * 137.5) % 360} 55% 52%)`;
const themed = (colour) => colour.startsWith("var(") ? getComputedStyle(document.documentElement).getPropertyValue(colour.slice(4, -1)) : colour;

function timelineCards() {
  return RUNS.filter((run) => run.timeline && run.timeline.end > 0).flatMap((run) => {
    const prefix = COMPARING ? `${LABELS_OF_RUNS[RUNS.indexOf(run)]}: ` : "";
    return [make("h2", {}, `${prefix}Who does what when`), ...new Timeline(run).parts(), make("h2", {}, `${prefix}Map of the chip`), ...mapOf(run)];
  });
}

/** One run's rows, of which a part of the time is in sight. */
class Timeline {
  constructor(run) {
    this.run = run;
    this.data = run.timeline;
    this.from = 0;
    this.to = this.data.end;
    this.rows = [
      ...this.data.cores.map((core) => ({ ...core, name: `core ${core.id}`, core: true })),
      ...this.data.links.map((link) => ({ ...link, name: link.id === "port" ? "port" : `link ${link.id}`, core: false })),
    ];
    this.chosen = this.data.cores.reduce((most, core) => core.busy > most.busy ? core : most, this.data.cores[0]);
    this.rowHeight = Math.max(LEAST_ROW, Math.min(MOST_ROW, Math.floor(MOST_HEIGHT / this.rows.length)));
    this.canvas = make("canvas", { class: "timeline", tabindex: "0", role: "img", "aria-label": this.told(),
      wheel: (event) => this.wheel(event), pointerdown: (event) => this.press(event), pointermove: (event) => this.move(event),
      pointerup: (event) => this.release(event), pointerleave: () => { tooltip.hidden = true; }, dblclick: () => this.show(0, this.data.end),
      keydown: (event) => this.key(event) });
    this.held = make("canvas", { class: "timeline", role: "img", "aria-label": "what the memory of the chosen core holds over time" });
    this.caption = make("p", { class: "about" });
    this.moment = null;
    TIMELINES.push(this);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  told() {
    return `${this.rows.length} rows over ${whole(this.data.end)} cycles; arrow keys move, plus and minus zoom`;
  }

  parts() {
    const button = (label, said, act) => make("button", { "aria-label": said, title: said, click: act }, label);
    return [
      make("p", { class: "about" }, "A row for each core, then for the busiest links; a colour for each layer. The strip on top has the colour of what is busiest at the time. "
        + "Drag to move, turn the wheel with Ctrl or use the buttons to zoom, press a core to see its memory."),
      make("div", { class: "controls" }, button("+", "zoom in", () => this.zoom(0.5)), button("−", "zoom out", () => this.zoom(2)),
        button("◂", "earlier", () => this.pan(-0.25)), button("▸", "later", () => this.pan(0.25)), button("whole run", "show the whole run", () => this.show(0, this.data.end))),
      this.canvas, legend(BUSIEST.map(([name, colour]) => [`busiest: ${name}`, colour])), this.caption, this.held,
    ];
  }

  // what is in sight

  show(from, to) {
    const span = Math.min(this.data.end, Math.max(to - from, this.data.end / 1e5));
    this.from = Math.max(0, Math.min(from, this.data.end - span));
    this.to = this.from + span;
    this.draw();
  }

  zoom(factor, around = (this.from + this.to) / 2) {
    this.show(around - (around - this.from) * factor, around + (this.to - around) * factor);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.show(this.from + by, this.to + by);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.timeAt(event.offsetX));
  }

  key(event) {
    const acts = { ArrowLeft: () => this.pan(-0.1), ArrowRight: () => this.pan(0.1), "+": () => this.zoom(0.5), "-": () => this.zoom(2), Home: () => this.show(0, this.data.end) };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  }

  // the pointer

  press(event) {
    this.moment = { x: event.offsetX, from: this.from, to: this.to, moved: false };
    this.canvas.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.moment) return this.hover(event);
    const cycles = (this.moment.x - event.offsetX) / this.width * (this.moment.to - this.moment.from);
    this.moment.moved = this.moment.moved || Math.abs(this.moment.x - event.offsetX) > 3;
    if (this.moment.moved) this.show(this.moment.from + cycles, this.moment.to + cycles);
  }

  release(event) {
    const row = this.rowAt(event.offsetY);
    if (this.moment && !this.moment.moved && row && row.core) {
      this.chosen = row;
      this.draw();
    }
    this.moment = null;
  }

  hover(event) {
    const time = this.timeAt(event.offsetX), row = this.rowAt(event.offsetY);
    const said = event.offsetY < STRIP ? this.busiestAt(time) : row ? this.saidOf(row, time) : null;
    if (said && event.offsetX >= LABELS) tell(said, event.clientX, event.clientY);
    else tooltip.hidden = true;
  }

  timeAt(x) {
    return this.from + (x - LABELS) / this.width * (this.to - this.from);
  }

  rowAt(y) {
    return this.rows[Math.floor((y - STRIP - RULER) / this.rowHeight)];
  }

  saidOf(row, time) {
    const { boxes } = row;
    const slack = (this.to - this.from) / this.width;
    for (let at = 0; at < boxes.length; at += 4) {
      if (boxes[at + 1] - slack > time || boxes[at + 2] + slack < time) continue;
      const pieces = row.core ? several(boxes[at + 3], "tile", "tiles") : several(boxes[at + 3], "transfer", "transfers");
      return `${row.name}: ${this.run.layers[boxes[at]].name}\n${pieces}, cycle ${whole(boxes[at + 1])} to ${whole(boxes[at + 2])}`;
    }
    return `${row.name}: idle at cycle ${whole(time)}\nbusy for ${percent(row.busy / this.data.end)} of the run`;
  }

  busiestAt(time) {
    const shares = this.data.moments[Math.min(this.data.moments.length - 1, Math.floor(time / this.data.end * this.data.moments.length))];
    return `around cycle ${whole(time)}\n${BUSIEST.map(([name], number) => `${name} busy for ${percent(shares[number])}`).join("\n")}`;
  }

  // drawing

  get width() {
    return Math.max(1, this.canvas.clientWidth - LABELS);
  }

  ground(canvas, height) {
    const scale = devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = height * scale;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    pen.font = "11px system-ui, sans-serif";
    pen.textBaseline = "middle";
    return pen;
  }

  xOf(time) {
    return LABELS + (time - this.from) / (this.to - this.from) * this.width;
  }

  draw() {
    const pen = this.ground(this.canvas, STRIP + RULER + this.rows.length * this.rowHeight + 2);
    Object.assign(this.canvas.dataset, { from: this.from, to: this.to });
    this.drawStrip(pen);
    this.drawRuler(pen);
    this.rows.forEach((row, number) => this.drawRow(pen, row, STRIP + RULER + number * this.rowHeight));
    this.drawHeld();
  }

  drawStrip(pen) {
    const { moments, end } = this.data;
    moments.forEach((shares, number) => {
      const most = shares.lastIndexOf(Math.max(...shares)); // links that wait for the port are as busy as it is
      const [left, right] = [number, number + 1].map((at) => Math.max(LABELS, this.xOf(at * end / moments.length)));
      pen.fillStyle = themed(BUSIEST[most][1]);
      pen.globalAlpha = 0.25 + 0.75 * Math.min(1, shares[most]);
      if (right > LABELS && shares[most] > 0) pen.fillRect(left, 0, right - left + 0.5, STRIP - 3);
    });
    pen.globalAlpha = 1;
  }

  drawRuler(pen) {
    pen.fillStyle = themed("var(--soft)");
    pen.strokeStyle = themed("var(--line)");
    const step = niceStep((this.to - this.from) / Math.max(2, this.width / 110));
    for (let time = Math.ceil(this.from / step) * step; time <= this.to; time += step) {
      const x = this.xOf(time);
      pen.beginPath();
      pen.moveTo(x, STRIP + 12);
      pen.lineTo(x, this.canvas.clientHeight);
      pen.stroke();
      pen.textAlign = x > LABELS + this.width - 30 ? "right" : "center";
      pen.fillText(count(time), x, STRIP + 5);
    }
    pen.textAlign = "left";
  }

  drawRow(pen, row, top) {
    const { boxes } = row;
    const height = Math.max(1, this.rowHeight - (this.rowHeight > 6 ? 2 : 1));
    let drawn = -1;
    for (let at = 0; at < boxes.length; at += 4) {
      if (boxes[at + 2] < this.from || boxes[at + 1] > this.to) continue;
      const left = Math.max(LABELS, this.xOf(boxes[at + 1])), right = Math.min(LABELS + this.width, this.xOf(boxes[at + 2]));
      if (right < drawn + 0.3) continue; // nothing of it would be seen
      pen.fillStyle = layerColour(boxes[at]);
      pen.fillRect(left, top, Math.max(right - left - (right - left > 3 ? 0.5 : 0), 0.4), height);
      drawn = right;
    }
    pen.fillStyle = themed(this.chosen && row.core && row.id === this.chosen.id ? "var(--ink)" : "var(--faint)");
    if (this.rowHeight >= 11 || row.id === (this.chosen || {}).id && row.core) pen.fillText(row.name.length > 11 ? `${row.name.slice(0, 10)}…` : row.name, 0, top + height / 2, LABELS - 6);
  }

  drawHeld() {
    const core = this.chosen;
    if (!core || !core.held.length) return;
    const most = Math.max(...core.held.filter((_, at) => at % 2)), filled = percent(most / core.capacity);
    this.caption.textContent = `Memory of core ${core.id}, of ${bytes(core.capacity)}: ${filled} at its fullest.`;
    const pen = this.ground(this.held, HELD);
    const y = (bits) => HELD - 6 - (bits / (most || 1)) * (HELD - 20);
    pen.fillStyle = themed("var(--m2)");
    for (let at = 0; at < core.held.length; at += 2) {
      const left = Math.max(LABELS, this.xOf(core.held[at])), following = at + 2 < core.held.length ? core.held[at + 2] : this.data.end;
      const right = Math.min(LABELS + this.width, this.xOf(following));
      if (right > left) pen.fillRect(left, y(core.held[at + 1]), Math.max(right - left, 0.4), HELD - 6 - y(core.held[at + 1]));
    }
    pen.fillStyle = themed("var(--soft)");
    pen.fillText(filled, 0, y(most));
    pen.fillText("0", 0, y(0) - 2);
  }
}

/** The cores where they lie, the darker the busier; a link is the thicker the longer it is taken. */
function mapOf(run) {
  const { places, cores, wires, end } = run.timeline;
  const unit = 64, side = 38;
  const at = (core) => places[core].map((place) => place * unit + unit / 2);
  const width = Math.max(...Object.values(places).map(([x]) => x)) * unit + unit, height = Math.max(...Object.values(places).map(([, y]) => y)) * unit + unit;
  const busyOf = (wire) => `${wire.port ? "off-chip port" : wire.id}: taken for ${percent(wire.busy / end)} of the run`;
  const lines = wires.filter((wire) => !wire.port && wire.nodes.length === 2).map((wire) => {
    const [[x1, y1], [x2, y2]] = wire.nodes.map(at), length = Math.hypot(x2 - x1, y2 - y1) || 1;
    const [aside, along] = [(y2 - y1) / length * 4, (x1 - x2) / length * 4]; // each direction on its own side
    return draw("line", { x1: x1 + aside, y1: y1 + along, x2: x2 + aside, y2: y2 + along, class: "wire", "stroke-width": 1 + 6 * wire.busy / end,
      style: { opacity: 0.25 + 0.75 * wire.busy / end }, ...hint(busyOf(wire)) });
  });
  const ports = wires.filter((wire) => wire.port).flatMap((wire) => wire.nodes.map((core) => {
    const [x, y] = at(core);
    return draw("rect", { x: x - side / 2 - 4, y: y - side / 2 - 4, width: side + 8, height: side + 8, rx: 8, class: "port", ...hint(busyOf(wire)) });
  }));
  const squares = cores.map((core) => {
    const [x, y] = at(core.id), busy = core.busy / end;
    return draw("g", hint(`core ${core.id}: at work for ${percent(busy)} of the run`),
      draw("rect", { x: x - side / 2, y: y - side / 2, width: side, height: side, rx: 5, class: "ground" }),
      draw("rect", { x: x - side / 2, y: y - side / 2, width: side, height: side, rx: 5, class: "core", style: { opacity: 0.08 + 0.92 * busy } }),
      draw("text", { x, y: y + 4, "text-anchor": "middle" }, `${core.id}`));
  });
  return [
    make("p", { class: "about" }, "Cores are the stronger the longer they work, links the thicker the longer they are taken (a line for each direction); a frame marks cores at the off-chip port."),
    make("div", { class: "scroll map" }, draw("svg", { viewBox: `0 0 ${width} ${height}`, style: { "max-width": `${Math.min(width, 560)}px` } }, lines, ports, squares)),
  ];
}
