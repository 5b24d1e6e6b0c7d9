// Of two runs: which is better, and what makes the difference, in the sentences of the terminal.

function whyCard() {
  if (!DATA.why.length) return [];
  const blocks = [];
  for (const sentence of DATA.why) {
    if (sentence.startsWith(" ") && blocks.length) blocks[blocks.length - 1].under.push(sentence.trim());
    else blocks.push({ sentence, under: [] });
  }
  return [make("h2", {}, "Which is better, and why"), make("ul", { class: "why" }, blocks.map(({ sentence, under }) =>
    make("li", {}, sentence, under.length ? make("ul", {}, under.map((line) => make("li", {}, line))) : null)))];
}
