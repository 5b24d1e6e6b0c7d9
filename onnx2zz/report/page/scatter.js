// Points over two measures, each with its words; those that no other beats have a ring.

const HUES = ["--m3", "--units", "--I", "--O", "--W", "--X", "--m1", "--m5"];

/** A colour for each of `names`, over again where there are many. */
const hues = (names) => Object.fromEntries(names.map((name, number) => [name, `var(${HUES[number % HUES.length]})`]));

/** `axis`: {of(row), name, write(value)}; `look(row)`: {text, colour, ring, press}. Rows without a number are left out. */
function scatter(rows, across, up, look, label, scaleOf = fittingScale) {
  const shown = rows.filter((row) => [across, up].every((axis) => Number.isFinite(axis.of(row))));
  if (!shown.length) return make("p", { class: "empty" }, "Nothing to draw.");
  const { width, height } = room();
  const x = scaleOf(shown.map(across.of), MARGIN.left, width - MARGIN.right, across.write);
  const y = scaleOf(shown.map(up.of), height - MARGIN.bottom, MARGIN.top, up.write);
  const marks = [...shown].sort((one, other) => look(one).ring - look(other).ring).map((row) => dot(look(row), x(across.of(row)), y(up.of(row))));
  return draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, axes(x, y, across.name, up.name), marks);
}

function dot({ text, colour, ring, press, mark }, cx, cy) {
  const looks = { tabindex: 0, fill: colour, "fill-opacity": ring ? 1 : 0.75, ...hint(text), ...(press ? pressed(press) : {}) };
  const point = draw("circle", { cx, cy, r: ring ? 6.5 : 4.5, class: ring ? "point ring" : "point", ...looks });
  return mark ? draw("g", {}, draw("circle", { cx, cy, r: 11, class: "chosen-ring" }), draw("text", { x: cx + 13, y: cy - 8 }, mark), point) : point;
}

/** Listeners that act on a press of the pointer or of Enter. */
const pressed = (act) => ({ click: act, keydown: (event) => { if (event.key === "Enter") act(); } });

/** A number with a unit, as short as an axis wants it. */
const short = (units) => (value, digits = 2) => {
  const [size, name] = units.find(([unit]) => Math.abs(value) >= unit) || units[units.length - 1];
  return `${Number((value / size).toPrecision(Math.max(1, digits)))} ${name}`.trim();
};
