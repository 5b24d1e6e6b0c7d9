// Tables: plain ones, and those that are sorted and filtered.

function plainTable(heads, rows, textColumns = 1, wrapped = -1) {
  const kind = (number) => (number < textColumns ? "text" : "") + (number === wrapped ? " wrap" : "");
  return make("div", { class: "scroll" }, make("table", {},
    make("thead", {}, make("tr", {}, heads.map((head, number) => make("th", { class: kind(number), scope: "col" }, make("span", {}, head))))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map((cell, number) => make("td", { class: kind(number) }, cell)))))));
}

/** The rows by `value(row)`; those that lack it come last, equal ones stay in their `order`. */
function sorted(rows, value, down) {
  const missing = (row) => { const v = value(row); return v === null || v === undefined || Number.isNaN(v); };
  const sign = down ? -1 : 1;
  return [...rows].sort((one, other) => missing(one) - missing(other)
    || (missing(one) ? 0 : sign * (typeof value(one) === "string" ? value(one).localeCompare(value(other)) : value(one) - value(other)))
    || one.order - other.order);
}

/** Whether a text has all of the words that were typed. */
const says = (text, words) => words.toLowerCase().split(/\s+/).filter(Boolean).every((word) => text.toLowerCase().includes(word));

/** A column's classes: its id, unless that is foreign and it has a `kind`. */
const kindOf = (column) => `${column.kind ?? column.id}${column.text ? " text" : ""}`;

/** Heads that sort. `columns`: {id, head, text, value(row), cell(row)}; `view`: {sort, down}. */
function sortHeads(columns, view, sortBy) {
  return make("tr", {}, columns.map((column) => make("th", {
    class: kindOf(column), scope: "col",
    "aria-sort": view.sort === column.id ? (view.down ? "descending" : "ascending") : "none",
  }, make("button", { type: "button", click: () => sortBy(column) }, column.head, view.sort === column.id ? (view.down ? " ↓" : " ↑") : ""))));
}

/** Sort by a column, the other way at the second time; texts begin at A, numbers with the largest. */
function turn(view, column) {
  view.down = view.sort === column.id ? !view.down : !column.text;
  view.sort = column.id;
}

const MOST_ROWS = 500;

/** A table whose heads sort it. `changed` is called when it must be drawn anew. */
function listing(id, columns, rows, view, changed) {
  const column = columns.find((one) => one.id === view.sort);
  const shown = (column ? sorted(rows, column.value, view.down) : rows).slice(0, MOST_ROWS);
  const cell = (row, one) => make("td", { class: kindOf(one) }, one.cell ? one.cell(row) : one.value(row) ?? "");
  return [
    make("div", { class: "scroll" }, make("table", { id },
      make("thead", {}, sortHeads(columns, view, (one) => { turn(view, one); changed(); })),
      make("tbody", {}, shown.map((row) => make("tr", {}, columns.map((one) => cell(row, one))))))),
    rows.length > MOST_ROWS ? make("p", { class: "empty" }, `The first ${MOST_ROWS} of ${whole(rows.length)}: filter, or sort otherwise.`) : null,
    rows.length ? null : make("p", { class: "empty" }, "Nothing matches."),
  ];
}

/** A select with its label. `options`: [[value, said], ...]. */
function choice(label, id, options, chosen, changed) {
  return make("label", {}, label, make("select", { id, change: (event) => changed(event.target.value) },
    options.map(([value, said]) => make("option", { value, selected: value === chosen ? "" : false }, said))));
}

/** A field for words. */
function wordsField(said, changed) {
  return make("input", { id: "filter", type: "search", placeholder: said, "aria-label": said, input: (event) => changed(event.target.value) });
}
