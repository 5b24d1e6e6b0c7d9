// How mappings were chosen, where they were: what is proven of them and what undeclared wires would save, then layer by layer.

/** Nothing of runs whose mapping was given. */
function choicesCard() {
  const told = RUNS.flatMap((run, number) => run.chosen.map((said) => (COMPARING ? `${LABELS_OF_RUNS[number]}: ` : "") + said));
  return told.length ? [make("h2", {}, "How the mapping was chosen"), whyList(told)] : [];
}

/** Of one layer: where its mapping comes from, what it was compared with, and why the search ended. */
function choiceOf(layer) {
  const { choice, certificate } = layer;
  if (!choice || !choice.origin) return null;
  const proof = certificate && certificate.gap !== null ? `; no other costs less than ${percent(certificate.bound / certificate.price)} of it` : "";
  const others = choice.runners_up.filter((other) => !other.refused).slice(0, 3).map((other) =>
    `${unrolledAs(other.spatial_mapping)}: ${whole(other.honest_latency_cycles)} cycles, ${energy(other.honest_energy_pj)}`);
  return make("p", { class: "facts" },
    `Mapping chosen: ${choice.origin}, ${whole(choice.priced)} priced of ${whole(choice.priced + choice.enumerated)}; ${choice.reason}${proof}.`
    + (others.length ? ` Next best: ${others.join("; ")}.` : ""));
}

const unrolledAs = (mapping) => Object.values(mapping).map((loops) =>
  Object.entries(loops).filter(([, factor]) => factor > 1).map(([loop, factor]) => `${loop}${factor}`).join(" ") || "-").join(" | ");
