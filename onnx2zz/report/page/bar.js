// A stacked bar.

/** One bar; `whole` is the value that would fill it. */
function bar(parts, whole, write, name) {
  return make("div", { class: "bar" }, parts.map((part) => make("span", {
    style: { width: `${(100 * part.value) / whole}%`, background: part.colour },
    ...hint(`${name}\n${part.label}: ${write(part.value)}${part.said ? `\n${part.said}` : ""}`),
  })));
}

const TAIL = 10;

/** A name that loses its middle where there is no room: its number and its end tell layers apart. */
function clipped(name) {
  const number = (/^L\d+_/.exec(name) || [""])[0];
  const middle = name.slice(number.length, Math.max(number.length, name.length - TAIL));
  return make("span", { class: "name", ...hint(name) }, make("span", {}, number),
    make("span", { class: "middle" }, middle), make("span", {}, name.slice(number.length + middle.length)));
}
