// The ground of a diagram: its size, logarithmic scales, axes.

const MARGIN = { left: 62, right: 18, top: 14, bottom: 44 };

function room() {
  const width = Math.max(280, document.getElementById("controls").clientWidth - 40);
  return { width, height: Math.min(420, Math.max(280, width * 0.42)) };
}

/** A logarithmic scale with room at both ends; ticks at 1, 2 and 5 of each decade, or at decades where it is long. */
function scale(values, from, to) {
  const low = Math.log10(Math.min(...values) * 0.6);
  const high = Math.log10(Math.max(...values) * 1.7);
  const at = (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  const steps = high - low > 3 ? [1] : [1, 2, 5];
  const decades = [...Array(Math.ceil(high) - Math.floor(low) + 1).keys()].map((n) => 10 ** (Math.floor(low) + n));
  const ticks = decades.flatMap((decade) => steps.map((step) => step * decade)).filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  return Object.assign(at, { low: 10 ** low, high: 10 ** high, ticks });
}

/** For values that may lie close together: logarithmic from a factor of 4 on, else linear. `write` says a tick. */
function fittingScale(values, from, to, write) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (least > 0 && most / least >= 4) return Object.assign(scale(values, from, to), { write });
  const slack = (most - least || most || 1) * 0.12;
  const [low, high] = [least - slack, most + slack];
  const step = [1, 2, 5, 10].map((one) => one * 10 ** Math.floor(Math.log10((high - low) / 5))).find((one) => (high - low) / one <= 6);
  const ticks = [...Array(7).keys()].map((number) => (Math.ceil(low / step) + number) * step).filter((value) => value <= high);
  const digits = (value) => Math.floor(Math.log10(value || step)) - Math.floor(Math.log10(step)) + 1;
  return Object.assign((value) => from + ((value - low) / (high - low)) * (to - from), { low, high, ticks, write: (value) => write(value, digits(value)) });
}

/** A linear scale from zero. `write` says a tick. */
function zeroScale(values, from, to, write) {
  const high = Math.max(...values, 0) * 1.08 || 1;
  const step = niceStep(high / 6);
  const ticks = [...Array(7).keys()].map((number) => number * step).filter((value) => value <= high);
  const digits = (value) => Math.max(1, Math.floor(Math.log10(value || step)) - Math.floor(Math.log10(step)) + 1);
  return Object.assign((value) => from + (value / high) * (to - from), { low: 0, high, ticks, write: (value) => value === 0 ? "0" : write(value, digits(value)) });
}

/** 1, 2 or 5 times a power of ten, no less than `least`. */
function niceStep(least) {
  const decade = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 5, 10].map((one) => one * decade).find((one) => one >= least);
}

const tick = (value) => value >= 0.001 && value < 1e5 ? String(Number(value.toPrecision(1))) : value.toExponential(0);

function axes(x, y, across, up) {
  const { width, height } = room();
  const bottom = height - MARGIN.bottom;
  return [
    ...x.ticks.flatMap((value) => [
      draw("line", { class: "axis", x1: x(value), x2: x(value), y1: MARGIN.top, y2: bottom }),
      draw("text", { x: x(value), y: bottom + 16, "text-anchor": "middle" }, (x.write || tick)(value))]),
    ...y.ticks.flatMap((value) => [
      draw("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
      draw("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, (y.write || tick)(value))]),
    draw("text", { x: (MARGIN.left + width) / 2, y: height - 8, "text-anchor": "middle" }, across),
    draw("text", { transform: `translate(14 ${(MARGIN.top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, up),
  ];
}
