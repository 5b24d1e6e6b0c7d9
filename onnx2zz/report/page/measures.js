// What runs are measured by: how each measure is called, and its units (a count has none of its own).

const MEASURES = Object.fromEntries(Object.entries(DATA.measures).map(([id, [name, units]]) => [id, [name, units || COUNT]]));

function measured(id, value) {
  if (value === null || value === undefined) return "";
  if (id.endsWith("_cycles")) return whole(value);
  const [size, name] = MEASURES[id][1].find(([unit]) => Math.abs(value) >= unit) || [1, ""];
  return `${(value / size).toPrecision(5)} ${name}`.trim();
}

const measureAxis = (id, of = (row) => row[id]) => ({ of, name: MEASURES[id][0], write: short(MEASURES[id][1]) });
