// Parallel coordinates: an axis for each parameter and each total, a line for each run.

const MOST_LINES = 1500, LEAST_GAP = 108;

/** `axes`: [{id, name, of(row), write(value), text}]; `look(row)`: {text, colour, ring, press}. */
function parallel(rows, axes, look, fromZero, label) {
  if (!rows.length || axes.length < 2) return make("p", { class: "empty" }, "Nothing to draw.");
  const { width: room_, height } = room(), side = 60, top = 40, bottom = height - 20;
  const width = Math.max(room_, (axes.length - 1) * LEAST_GAP + 2 * side);
  const scales = axes.map((axis) => scaleOn(axis, rows, bottom, top, fromZero));
  const x = (number) => side + (number / (axes.length - 1)) * (width - 2 * side);
  const shown = [...rows].sort((one, other) => look(one).ring - look(other).ring).slice(-MOST_LINES);
  const lines = shown.map((row) => line(row, axes, scales, x, look(row)));
  return make("div", { class: "scroll" }, draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label, style: { "min-width": `${width}px` } },
    ...lines.filter((one) => one), ...axes.map((axis, number) => parallelAxis(axis, scales[number], x(number), top, bottom, number === axes.length - 1))));
}

/** Where a value lies: numbers on a linear axis, others at equal distances in their order. */
function scaleOn(axis, rows, bottom, top, fromZero) {
  const values = rows.map(axis.of).filter((value) => value !== null && value !== undefined);
  if (axis.text || !values.every((value) => typeof value === "number")) {
    const names = [...new Set(values.map(String))];
    const at = (value) => bottom - ((names.indexOf(String(value)) + 0.5) / names.length) * (bottom - top);
    return { at, ticks: names.map((name) => [name, at(name)]) };
  }
  const [least, most] = [fromZero ? 0 : Math.min(...values), Math.max(...values)];
  const at = (value) => most === least ? (top + bottom) / 2 : bottom - ((value - least) / (most - least)) * (bottom - top);
  return { at, ticks: [...new Set([least, most])].map((value) => [axis.write(value), at(value)]) };
}

function line(row, axes, scales, x, { text, colour, ring, press, mark }) {
  const places = axes.map((axis, number) => [x(number), axis.of(row), scales[number]]).filter(([, value]) => value !== null && value !== undefined);
  if (places.length < 2) return null;
  const path = places.map(([at, value, scale]) => `${at.toFixed(1)} ${scale.at(value).toFixed(1)}`).join("L");
  return draw("path", { d: `M${path}`, class: `strand${ring ? " ring" : ""}${mark ? " marked" : ""}`, stroke: colour, ...hint(text), ...(press ? pressed(press) : {}) });
}

/** What stands at the last axis is written to its left, where there is room. */
function parallelAxis(axis, scale, x, top, bottom, isLast) {
  const name = axis.name.length > 18 ? `${axis.name.slice(0, 17)}…` : axis.name;
  return draw("g", { class: "parallel-axis" }, draw("line", { x1: x, x2: x, y1: top, y2: bottom }),
    draw("text", { x, y: 18, "text-anchor": "middle", class: "head" }, name),
    scale.ticks.slice(0, 14).map(([said, y]) => draw("text", { x: isLast ? x - 5 : x + 5, "text-anchor": isLast ? "end" : "start", y: y + (y <= top + 1 ? -4 : 4) }, said.length > 14 ? `${said.slice(0, 13)}…` : said)));
}
