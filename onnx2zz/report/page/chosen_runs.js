// The runs that were pressed: one leads to its report, two are compared.

const LETTERS = ["A", "B"];

/** Of a file beside this page; its name may have what means something else in an address, or in a shell. */
const address = (file) => file.split("/").map(encodeURIComponent).join("/");
const typed = (file) => /^[\w./-]+$/.test(file) ? file : `'${file.replaceAll("'", "'\\''")}'`;

class ChosenRuns {
  constructor(changed) {
    this.rows = [];
    this.changed = changed;
  }

  /** Chooses a run; a third takes the place of the second, one that is chosen is let go. */
  press(row) {
    this.rows = this.rows.includes(row) ? this.rows.filter((one) => one !== row) : [...this.rows.slice(0, 1), row];
    if (DATA.compared[this.rows.map((one) => one.run).reverse().join(" ")]) this.rows.reverse(); // the pair as it was compared
    this.changed();
  }

  mark(row) {
    const number = this.rows.indexOf(row);
    return number < 0 ? null : this.rows.length > 1 ? LETTERS[number] : "chosen";
  }

  card() {
    if (!this.rows.length) return [];
    const two = this.rows.length > 1;
    return [
      make("h2", {}, two ? "Two runs" : "A run"),
      make("p", { class: "about" }, two ? "Which is better, and why: what `onnx2zz compare` says." : "Press another point or line, and the two are compared."),
      ...this.rows.map((row, number) => this.described(row, two ? `${LETTERS[number]}: ` : "")),
      ...(two ? this.compared() : []),
      make("p", {}, make("button", { type: "button", id: "forget", click: () => { this.rows = []; this.changed(); } }, "forget the choice")),
    ];
  }

  described(row, prefix) {
    const report = DATA.reports[row.run];
    const varied = DATA.varying.filter((id) => id !== "accelerator" && row[id] !== null && row[id] !== undefined).map((id) => `${id} ${row[id]}`);
    return make("p", { class: "run" }, make("b", {}, `${prefix}${row.model} on ${row.accelerator}`), varied.length ? `, ${varied.join(", ")}` : "", ": ",
      MEASURED.filter((id) => Number.isFinite(row[id])).map((id) => `${MEASURES[id][0].toLowerCase()} ${measured(id, row[id])}`).join(", "), ". ",
      report ? make("a", { href: address(`${report}.html`) }, "Its report: layers, memories, loops") : make("span", { class: "empty" }, this.without(row)));
  }

  without(row) {
    if (!row.run) return DATA.meaning_of_all + ".";
    return Object.keys(DATA.reports).length ? "Only so many runs of a sweep have a report of their own, those of the fronts first; `onnx2zz evaluate` of its model on accelerators/… writes it."
      : "No run of this page has a report: `onnx2zz sweep SPEC.yaml --html FILE` writes them.";
  }

  compared() {
    const [first, second] = this.rows;
    const found = DATA.compared[`${first.run} ${second.run}`];
    if (found) return [whyList(found)];
    const [one, other] = [first, second].map((row) => DATA.reports[row.run]);
    const how = first.model !== second.model ? "They are of different models." : one && other ? `onnx2zz compare ${typed(`${one}.json`)} ${typed(`${other}.json`)}` : "One of them has no report in this page's folder.";
    return [make("p", { class: "about" }, `This page does not hold their comparison. ${how}`)];
  }
}
