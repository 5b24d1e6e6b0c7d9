// Elements are made node by node and texts set as texts: names of layers are foreign input and never become markup.

const DATA = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";

/** An element: make("p", {class: "about"}, "text", child, ...). A function as attribute is an event's listener. */
function make(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function draw(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "style") for (const [key, said] of Object.entries(value)) element.style.setProperty(key, said);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function place(id, ...children) {
  document.getElementById(id).replaceChildren(...children.flat().filter((child) => child !== null));
}

function legend(entries) {
  return make("div", { class: "legend" }, entries.map(([label, colour]) =>
    make("span", {}, make("i", { style: { background: colour } }), label)));
}

const tooltip = document.getElementById("tooltip");

/** Attributes that show `text` beside the pointer, or beside the element once it has the focus. */
function hint(text) {
  return {
    "aria-label": text,
    mousemove: (event) => tell(text, event.clientX, event.clientY),
    mouseleave: () => { tooltip.hidden = true; },
    focus: (event) => {
      const box = event.target.getBoundingClientRect();
      tell(text, box.left, box.bottom);
    },
    blur: () => { tooltip.hidden = true; },
  };
}

function tell(text, x, y) {
  tooltip.textContent = text;
  tooltip.hidden = false;
  const box = tooltip.getBoundingClientRect();
  tooltip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
  tooltip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 12) : y + 18}px`;
}
