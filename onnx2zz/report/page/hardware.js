// The accelerator as it is drawn, and beside it how a layer lies in its memories.

/** What Python drew, read as XML: texts in it stay texts. */
const drawnBefore = (svg) => document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);

class Hardware {
  constructor(runs) {
    this.runs = runs;
    this.run = runs[0];
    this.side = make("div", { id: "hardware-nest" });
    this.layer = this.costliest();
  }

  costliest() {
    const layers = this.run ? mappedOf(this.run) : [];
    return layers.length ? layers.reduce((most, layer) => layer.latency_cycles > most.latency_cycles ? layer : most).name : null;
  }

  parts() {
    if (!this.run) return [];
    const layers = mappedOf(this.run);
    const runs = this.runs.map((run) => [String(RUNS.indexOf(run)), `${LABELS_OF_RUNS[RUNS.indexOf(run)]}: ${run.accelerator}`]);
    const taken = (number) => { this.run = RUNS[number]; this.layer = this.costliest(); place("hardware", this.parts()); this.lay(); };
    return [
      make("h2", {}, this.run.system ? "A core" : "The accelerator"),
      make("p", { class: "about" }, "The array at the bottom, above it the memories of each operand; arrows are ports, with the bits of a cycle. What stands in brackets is where a figure comes from. Point at a box for all that is told of it."
        + (layers.length ? " Beside it, how a layer lies in these memories." : "")),
      make("div", { class: "controls" }, this.runs.length > 1 ? choice("Run", "hardware-run", runs, String(RUNS.indexOf(this.run)), taken) : null,
        layers.length ? choice("Layer", "hardware-layer", layers.map((layer) => [layer.name, layer.name]), this.layer, (name) => { this.layer = name; this.lay(); }) : null),
      make("div", { class: layers.length ? "hardware-sides" : "" }, make("div", { class: "scroll" }, this.run.drawings.map(drawnBefore)), layers.length ? this.side : null),
    ];
  }

  /** The loops of the chosen layer. */
  lay() {
    const layer = this.run && mappedOf(this.run).find((one) => one.name === this.layer);
    this.side.replaceChildren(...(layer ? [nest(layer)] : []));
  }
}

const HARDWARE = new Hardware(RUNS.filter((run) => run.drawings.length));
