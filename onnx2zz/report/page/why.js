// Of two runs: which is better, and what makes the difference, in the sentences of the terminal.

/** Sentences as a list; those that begin with blanks belong to the one before. */
function whyList(sentences) {
  const blocks = [];
  for (const sentence of sentences) {
    if (sentence.startsWith(" ") && blocks.length) blocks[blocks.length - 1].under.push(sentence.trim());
    else blocks.push({ sentence, under: [] });
  }
  return make("ul", { class: "why" }, blocks.map(({ sentence, under }) =>
    make("li", {}, sentence, under.length ? make("ul", {}, under.map((line) => make("li", {}, line))) : null)));
}
