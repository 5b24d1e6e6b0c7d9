// The roofline: operations per cycle over operations per bit that pass the busiest port of the highest memory.

const MARGIN = { left: 62, right: 18, top: 14, bottom: 44 };

function rooflineCard() {
  const points = RUNS.flatMap((run, number) => layersOf(run).filter((layer) => layer.breakdown.port)
    .map((layer) => point(run, number, layer)));
  if (!points.length) return [];
  return [
    make("h2", {}, "Roofline"),
    make("p", { class: "about" }, "A layer under the slope waits for the highest memory, one under the flat roof for the "
      + "array; its distance to the roof is what a better mapping could save. Larger: more of the cycles."),
    legend([...boundsOf(), ...(COMPARING ? [["● A, ◆ B", "transparent"]] : [])]),
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
  const width = Math.max(280, document.getElementById("controls").clientWidth - 40);
  const height = Math.min(420, Math.max(280, width * 0.42));
  const roofs = [...new Map(points.map((one) => [`${one.units} ${one.width}`, one])).values()];
  const x = scale([...points.map((one) => one.x), ...roofs.map((one) => one.units / one.width)], MARGIN.left, width - MARGIN.right);
  const y = scale([...points.map((one) => one.y), ...roofs.map((one) => one.units)], height - MARGIN.bottom, MARGIN.top);
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Roofline of the layers" },
    axes(x, y, width, height),
    roofs.flatMap((one) => roof(x, y, one)),
    points.map((one) => mark(one, x(one.x), y(one.y))),
    width < 520 ? [] : costliestPoints(points).map((one) => pointName(one, x(one.x), y(one.y), width)));
}

/** A logarithmic scale with room at both ends; ticks at 1, 2 and 5 of each decade, or at decades where it is long. */
function scale(values, from, to) {
  const low = Math.log10(Math.min(...values) * 0.6);
  const high = Math.log10(Math.max(...values) * 1.7);
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const steps = high - low > 3 ? [1] : [1, 2, 5];
  const decades = [...Array(Math.ceil(high) - Math.floor(low) + 1).keys()].map((n) => 10 ** (Math.floor(low) + n));
  const ticks = decades.flatMap((decade) => steps.map((step) => step * decade)).filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  return Object.assign(at, { low: 10 ** low, high: 10 ** high, ticks });
}

const tick = (value) => value >= 0.001 && value < 1e5 ? String(Number(value.toPrecision(1))) : value.toExponential(0);

function axes(x, y, width, height) {
  const bottom = height - MARGIN.bottom;
  return [
    ...x.ticks.flatMap((value) => [
      draw("line", { class: "axis", x1: x(value), x2: x(value), y1: MARGIN.top, y2: bottom }),
      draw("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, tick(value))]),
    ...y.ticks.flatMap((value) => [
      draw("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
      draw("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, tick(value))]),
    draw("text", { x: (MARGIN.left + width) / 2, y: height - 8, "text-anchor": "middle" }, width < 520 ? "operations per bit" : "operations per bit of the highest memory's port"),
    draw("text", { transform: `translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, "operations per cycle"),
  ];
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
  const text = `${COMPARING ? `${"AB"[number]}: ` : ""}${layer.name}\n${rate.toPrecision(3)} of ${units} operations per cycle, `
    + `${intensity.toPrecision(3)} per bit\nbound by ${boundName(layer.bound_by)}, ${percent(layer.roofline_cycles / layer.latency_cycles)} of the roof`;
  const looks = { class: "point", tabindex: 0, fill: boundColour(layer.bound_by), "fill-opacity": 0.85, ...hint(text) };
  if (number === 0) return draw("circle", { cx, cy, r, ...looks });
  return draw("path", { d: `M${cx} ${cy - r}L${cx + r} ${cy}L${cx} ${cy + r}L${cx - r} ${cy}Z`, ...looks });
}
