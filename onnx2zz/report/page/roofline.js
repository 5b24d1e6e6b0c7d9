// The roofline: operations per cycle over operations per bit that pass the busiest port of the highest memory.

/** A shape for each run. */
const SHAPES = [
  ["●", (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`],
  ["◆", (x, y, r) => `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z`],
  ["▲", (x, y, r) => `M${x} ${y - r}L${x + r} ${y + r}L${x - r} ${y + r}Z`],
  ["■", (x, y, r) => `M${x - r} ${y - r}H${x + r}V${y + r}H${x - r}Z`],
];

function rooflineCard() {
  const points = RUNS.flatMap((run, number) => mappedOf(run).filter((layer) => layer.breakdown.port)
    .map((layer) => point(run, number, layer)));
  if (!points.length) return [];
  return [
    make("h2", {}, "Roofline"),
    make("p", { class: "about" }, "A layer under the slope waits for the highest memory, one under the flat roof for the "
      + "array; its distance to the roof is what a better mapping could save. Larger: more of the cycles."),
    legend([...boundsOf(), ...(COMPARING ? [[RUNS.map((_, number) => `${SHAPES[number % SHAPES.length][0]} ${LABELS_OF_RUNS[number]}`).join(", "), "transparent"]] : [])]),
    diagram(points),
  ];
}

function point(run, number, layer) {
  const { operations, port } = layer.breakdown;
  return {
    layer, number, x: operations / port.bits, y: operations / layer.latency_cycles,
    units: unitsOf(run), width: port.width, memory: port.memory, share: layer.latency_cycles / run.total.latency_cycles,
  };
}

function diagram(points) {
  const { width, height } = room();
  const roofs = [...new Map(points.map((one) => [`${one.units} ${one.width}`, one])).values()];
  const x = scale([...points.map((one) => one.x), ...roofs.map((one) => one.units / one.width)], MARGIN.left, width - MARGIN.right);
  const y = scale([...points.map((one) => one.y), ...roofs.map((one) => one.units)], height - MARGIN.bottom, MARGIN.top);
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Roofline of the layers" },
    axes(x, y, width < 520 ? "operations per bit" : "operations per bit of the highest memory's port", "operations per cycle"),
    roofs.flatMap((one) => roof(x, y, one)),
    points.map((one) => mark(one, x(one.x), y(one.y))),
    width < 520 ? [] : costliestPoints(points).map((one) => pointName(one, x(one.x), y(one.y), width)));
}

function roof(x, y, { units, width: bits, memory }) {
  const start = Math.max(x.low, y.low / bits);
  const ridge = units / bits;
  const [left, foot, corner, top] = [x(start), y(start * bits), x(ridge), y(units)];
  const slope = (180 / Math.PI) * Math.atan2(top - foot, corner - left);
  const [midX, midY] = [(left + corner) / 2, (foot + top) / 2];
  return [
    draw("path", { class: "roof", d: `M${left} ${foot}L${corner} ${top}L${x(x.high)} ${top}` }),
    draw("text", { transform: `translate(${midX} ${midY}) rotate(${slope}) translate(0 -8)`, "text-anchor": "middle" }, `${memory}: ${bits} bit a cycle`),
    draw("text", { x: x(x.high), y: top - 8, "text-anchor": "end" }, `${whole(units)} a cycle`),
  ];
}

/** The layers that take a tenth of the cycles or more, three at most. */
const costliestPoints = (points) => points.filter((one) => one.share >= 0.1)
  .sort((one, other) => other.share - one.share).slice(0, 3);

function pointName({ layer, share }, cx, cy, width) {
  const toTheLeft = cx > width / 2;
  const away = 8 + 10 * Math.sqrt(share);
  const name = layer.name.length > 22 ? `${layer.name.slice(0, 8)}…${layer.name.slice(-TAIL)}` : layer.name;
  return draw("text", { x: cx + (toTheLeft ? -away : away), y: cy + 4, "text-anchor": toTheLeft ? "end" : "start" }, name);
}

function mark({ layer, number, share, x: intensity, y: rate, units }, cx, cy) {
  const r = 4 + 10 * Math.sqrt(share);
  const text = `${COMPARING ? `${LABELS_OF_RUNS[number]}: ` : ""}${layer.name}\n${rate.toPrecision(3)} of ${units} operations per cycle, `
    + `${intensity.toPrecision(3)} per bit\nbound by ${boundName(layer.bound_by)}, ${percent(layer.roofline_cycles / layer.latency_cycles)} of the roof`;
  const looks = { class: "point", tabindex: 0, fill: boundColour(layer.bound_by), "fill-opacity": 0.85, ...hint(text) };
  return draw("path", { d: SHAPES[number % SHAPES.length][1](cx, cy, r), ...looks });
}
