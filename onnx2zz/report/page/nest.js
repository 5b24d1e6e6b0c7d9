// The mapping of a layer: its loops from the outermost in, and the memory that each operand's data lie in meanwhile.

function nest(layer) {
  const mapping = layer.breakdown.temporal_mapping;
  const operands = Object.keys(mapping).filter((operand) => layer.breakdown.bits[operand]);
  const orders = operands.map((operand) => loopsOf(mapping[operand]));
  const same = orders.every((order) => JSON.stringify(order) === JSON.stringify(orders[0]));
  const groups = same ? [operands] : operands.map((operand) => [operand]);
  return make("div", { class: "sides" }, groups.map((group) => nestOf(group, mapping, layer)));
}

const outermostFirst = (levels) => [...levels].reverse();
const loopsOf = (levels) => outermostFirst(levels).flatMap((level) => [...level.loops].reverse());

function nestOf(operands, mapping, layer) {
  const loops = loopsOf(mapping[operands[0]]);
  const columns = operands.map((operand) => cells(outermostFirst(mapping[operand])));
  const grid = make("div", { class: "nest", style: { "grid-template-columns": `max-content repeat(${operands.length}, minmax(0, max-content))` } },
    make("div", { class: "head" }, "loops, outermost first"), operands.map((operand) => make("div", { class: "head" }, operand)));
  loops.forEach(([dim, size], depth) => grid.append(
    make("div", { class: "loop" }, `${" ".repeat(Math.min(depth, 12))}for ${dim} in ${size}`), ...columns.map((column) => levelCell(column[depth]))));
  grid.append(make("div", { class: "loop spatial" }, unrolled(layer)), ...columns.map((column) => levelCell(column[loops.length])));
  return grid;
}

/** A cell for each loop and one for the array: the memory there, and whether its name is to be written. */
function cells(levels) {
  const found = [];
  let passed = [];
  for (const level of levels) {
    passed.push(level.memory);
    level.loops.forEach((_, number) => {
      found.push({ memory: level.memory, label: number === 0 ? passed.join(" › ") : "" });
      passed = [];
    });
  }
  const lowest = levels[levels.length - 1].memory;
  return [...found, { memory: lowest, label: passed.join(" › ") }];
}

function levelCell({ memory, label }) {
  const dark = document.documentElement.dataset.theme === "dark";
  const onDark = dark ? memoryStep(memory) < 3 : memoryStep(memory) > 1;
  return make("div", { class: "level", style: { background: memoryColour(memory), "--on": onDark ? "#fff" : "#10151c" },
    ...hint(`${memory}${BITS[memory] ? `, ${bytes(BITS[memory])}` : ""}`) }, label);
}

function unrolled(layer) {
  const dims = Object.entries(layer.spatial_mapping).map(([array, loops]) =>
    [array, Object.entries(loops).filter(([, factor]) => factor > 1).map(([dim, factor]) => `${dim} ${Number(factor.toFixed(2))}`).join(" × ")]);
  const said = dims.filter(([, loops]) => loops).map(([array, loops]) => `${array}: ${loops}`);
  return `in parallel  ${said.join("   ") || "nothing"}`;
}
