// Numbers as text: four digits, a real minus, and one form for all numbers of a matrix.

const DIGITS = 4;
const exact = (v) => (typeof v === "string" ? Number(v.replace("inf", "Infinity")) : Number(v));
const signed = (text) => text.replaceAll("-", "−");

function special(v) {
  return Number.isNaN(v) ? "NaN" : v > 0 ? "∞" : "−∞";
}

function number(value, digits = DIGITS) {
  const v = exact(value);
  if (!Number.isFinite(v)) return special(v);
  const size = Math.abs(v);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) {
    return signed(v.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e"));
  }
  return signed(String(size >= 10 ** digits ? Math.round(v) : Number(v.toPrecision(digits))));
}

// Numbers for a table: the largest has four digits, and all have as many decimals, so that points stand below each other.
function aligned(values) {
  const sizes = values.map((v) => Math.abs(exact(v))).filter(Number.isFinite);
  const most = Math.max(0, ...sizes);
  if (values.every((v) => Number.isInteger(exact(v))) && most < 1e6) return values.map((v) => number(v, 7));
  if (most !== 0 && (most < 1e-4 || most >= 1e6)) return values.map((v) => (exact(v) === 0 ? "0" : tiny(exact(v))));
  const decimals = most === 0 ? 0 : between(0, DIGITS - 1 - Math.floor(Math.log10(most)), 7);
  return values.map((value) => {
    const v = exact(value);
    if (!Number.isFinite(v)) return special(v);
    const text = v.toFixed(decimals);
    return v !== 0 && Number(text) === 0 ? tiny(v) : signed(Number(text) === 0 ? text.replace("-", "") : text);
  });
}

const tiny = (v) => (Number.isFinite(v) ? signed(v.toExponential(1)) : special(v));

const sizes = (shape) => shape.join("×");

function shapeText(shape) {
  if (shape.length > 1) return sizes(shape);
  return shape.length ? `${shape[0]} number${shape[0] === 1 ? "" : "s"}` : "one number";
}

// An array in a few characters.
function brief(a) {
  if (a === null) return "several results";
  if (a.stats.size === 1 && a.data.length) return number(a.data[0]);
  return `${shapeText(a.shape)} of norm ${a.stats.norm === null ? "?" : number(a.stats.norm)}`;
}

// The index of an entry, from its place row by row.
function indexOf(place, shape) {
  const found = [];
  for (let i = shape.length - 1; i >= 0; i--) {
    found.unshift(place % shape[i]);
    place = Math.floor(place / shape[i]);
  }
  return found;
}

const indexText = (index) => (index.length ? `[${index.join(", ")}]` : "");
