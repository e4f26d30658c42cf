// The shapes of a graph, as in pictures made without a page: see autograd_core/viz/drawing.

const SANS = '"Helvetica Neue", Helvetica, Arial, "Liberation Sans", "DejaVu Sans", sans-serif';
const MONO = 'Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
const FONTS = {
  title: `13px ${SANS}`,
  name: `bold 13px ${SANS}`,
  line: `11px ${SANS}`,
  value: `11px ${MONO}`,
  gradient: `11px ${MONO}`,
};
const HEIGHTS = { title: 17, name: 17, line: 14, value: 14, gradient: 14 };
const PAD = 9;
const RADIUS = 6;
const STACK = 4; // how far the boxes behind a fold stick out
const DOT = 13; // what the mark in front of a gradient takes
const BARS = 18; // the height of a fold's bars

function union(rectangles) {
  const x = Math.min(...rectangles.map((r) => r[0]));
  const y = Math.min(...rectangles.map((r) => r[1]));
  return [x, y, Math.max(...rectangles.map((r) => r[0] + r[2])) - x, Math.max(...rectangles.map((r) => r[1] + r[3])) - y];
}

function rectangle([x, y, width, height], kind, rx) {
  return svg("rect", { class: kind, x, y, width, height, rx });
}

// The rectangles of a box of this kind, lowest first, and the size of the face that has its text.
function faceOf({ kind, at: [, , w, h] }, { fixed, output }) {
  if (kind === "fold") {
    const [width, height] = [w - 2 * STACK, h - 2 * STACK];
    const behind = [2, 1].map((i) => rectangle([i * STACK, i * STACK, width, height], "behind", RADIUS));
    return { x: 0, y: 0, width, height, shapes: [...behind, rectangle([0, 0, width, height], "face", RADIUS)] };
  }
  const inset = output ? 2 : 0;
  const face = [inset, inset, w - 2 * inset, h - 2 * inset];
  const held = kind === "leaf" || kind === "parameter";
  const shapes = output ? [rectangle([0, 0, w, h], "output", RADIUS + 2)] : [];
  shapes.push(rectangle(face, "face", held ? 2 : RADIUS));
  if (held && !fixed) shapes.push(rectangle([face[0], face[1], 4, face[3]], "side", 0));
  return { x: inset, y: inset, width: face[2], height: face[3], shapes };
}

function cluster({ at, title }, level) {
  const shown = fitted(title, at[2] - 20, `bold 11px ${SANS}`);
  const name = svg("text", { x: at[0] + 12, y: at[1] + 18 }, shown);
  return svg("g", { class: `cluster tint${level % 2}` }, rectangle(at, null, 10), name);
}

// The arrow of an edge, and, not seen until a gradient goes along it, one that leads back.
function arrow({ points, count }, still) {
  const [start, ...rest] = points;
  const middle = points[Math.floor(points.length / 2)];
  const label = count > 1 ? svg("text", { class: "count", x: middle[0] + 5, y: middle[1] + 4 }, `×${count}`) : null;
  return svg("g", { class: still ? "edge still" : "edge" },
    svg("path", { class: "line", d: `M${start}C${rest.join(" ")}` }),
    tip(points, 7, "head"),
    tip([...points].reverse(), 12, "back"),
    label);
}

// A triangle at the end of a curve, in its direction.
function tip(points, length, kind) {
  const at = points.at(-1);
  const from = points.findLast((p) => Math.hypot(p[0] - at[0], p[1] - at[1]) > 0.5) ?? [at[0], at[1] - 1];
  const angle = (Math.atan2(at[1] - from[1], at[0] - from[0]) * 180) / Math.PI;
  const half = length * 0.43;
  const transform = `translate(${at}) rotate(${angle.toFixed(1)})`;
  return svg("path", { class: kind, d: `M0 0L${-length} ${-half}L${-length} ${half}Z`, transform });
}

// A circle that is empty, half or full: nothing, a part or all of a sum is there.
function mark() {
  const half = svg("path", { class: "half", d: "M0 -4A4 4 0 0 0 0 4Z" });
  return svg("g", { class: "mark" }, svg("circle", { r: 4 }), half, svg("circle", { class: "full", r: 4 }));
}
