// The head of a report: numbers, and what must be known about them.

function plainTile(what, value, more) {
  return make("div", { class: "tile" }, make("div", { class: "what" }, what), make("div", { class: "value" }, value), make("div", { class: "more" }, more));
}

/** Lines in plain view: [[loud, rest], ...]. */
const noticeList = (notices) => notices.map(([loud, rest]) => make("p", { class: "notice" }, make("b", {}, loud), ` ${rest}`));

const several = (number, one, more) => `${number} ${number === 1 ? one : more}`;
