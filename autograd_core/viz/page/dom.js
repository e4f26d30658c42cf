// Elements are made here, and nowhere from markup: what the program says is text, whatever it looks like.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

// What Python put into the page: JSON, as gzip in base64.
async function unpacked() {
  const packed = Uint8Array.from(atob($("data").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// The colour that a property of the style has now, for canvases.
function colour(name) {
  const probe = $("probe");
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
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
