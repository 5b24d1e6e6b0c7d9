// What became of the nodes of a graph.

const STATUSES = {
  lowered: "its own layers", fused: "rides on a layer", view: "renames data", folded: "constant", host: "left to the host",
};

/** The parts of a bar; `count(status)` says how many nodes have it. */
function statusParts(count) {
  return Object.keys(STATUSES).map((status) => ({
    label: `${status} (${STATUSES[status]})`, status, value: count(status), colour: `var(--${status})`,
  })).filter((part) => part.value);
}

/** A card with a bar for each of `models`: {name, statuses: {lowered: 3, ...}}. */
function coverageCard(models) {
  const used = Object.keys(STATUSES).filter((status) => models.some((model) => model.statuses[status]));
  return [
    make("h2", {}, "What became of the nodes"),
    make("p", { class: "about" }, "Every node of a model has one fate; the host's are in no number."),
    legend(used.map((status) => [`${status} (${STATUSES[status]})`, `var(--${status})`])),
    make("div", { class: "rows" }, models.map((model) => {
      const nodes = sum(Object.values(model.statuses));
      return make("div", { class: "row" }, clipped(model.name),
        bar(statusParts((status) => model.statuses[status] || 0), nodes, (value) => `${value} of ${nodes} nodes`, model.name),
        make("span", { class: "amount" }, `${nodes} nodes`));
    })),
  ];
}
