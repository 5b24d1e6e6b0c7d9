// Numbers in the units in which people read them.

const ENERGY = [[1e12, "J"], [1e9, "mJ"], [1e6, "µJ"], [1e3, "nJ"], [1, "pJ"]];
const COUNT = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"], [1, ""]];
const TIME = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
const BYTES = [[8 * 2 ** 30, "GiB"], [8 * 2 ** 20, "MiB"], [8 * 2 ** 10, "KiB"], [8, "B"], [1, "bit"]];

function quantity(value, units) {
  if (value === null || value === undefined) return "";
  const [size, name] = units.find(([unit]) => Math.abs(value) >= unit) || units[units.length - 1];
  const scaled = value / size;
  const digits = scaled >= 100 || (size === 1 && Number.isInteger(scaled)) ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)}\u00a0${name}`.trim(); // a number and its unit stay on one line
}

const sum = (numbers) => numbers.reduce((total, number) => total + (number || 0), 0);

const energy = (pj) => quantity(pj, ENERGY);
const count = (number) => quantity(number, COUNT);
const bytes = (bits) => quantity(bits, BYTES);
const whole = (number) => number === null || number === undefined ? "" : Math.round(number).toLocaleString("en");
const percent = (share) => share === null || share === undefined ? "" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)}\u00a0%`;

/** How much a second number is of a first: "1.25×", "0.019×". */
function ratio(first, second) {
  if (!first || second === null || second === undefined) return "";
  const times = second / first;
  return `${times < 0.1 ? Number(times.toPrecision(2)) : times.toFixed(2)}×`;
}
