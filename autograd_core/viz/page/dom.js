// Elements are made here, and nowhere from markup: what the program says is text, whatever it looks like.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// The colour that a property of the style has in the theme of now, for canvases; asked of the style once, as that takes time.
const colours = new Map();
function colour(name) {
  const { theme = String(matchMedia("(prefers-color-scheme: dark)").matches) } = document.documentElement.dataset;
  const key = `${theme} ${name}`;
  if (!colours.has(key)) {
    const probe = $("probe");
    probe.style.color = `var(${name})`;
    colours.set(key, getComputedStyle(probe).color);
  }
  return colours.get(key);
}

const pen = document.createElement("canvas").getContext("2d");

// The width of a text, without laying anything out.
function widthOf(text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

// The longest beginning of a text that fits, with a mark where something is missing.
function fitted(text, width, font) {
  if (widthOf(text, font) <= width) return text;
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${text.slice(0, middle)}…`, font) <= width) low = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, low)}…`;
}

const plural = (n, one, many = `${one}s`) => `${n} ${n === 1 ? one : many}`;
const between = (low, value, high) => Math.min(high, Math.max(low, value));
