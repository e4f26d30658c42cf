// Heat maps: each entry a cell, the stronger in colour the larger, with a minus in what is negative.

const WRAP = 20; // entries in a row of a heat map of a vector
const MAP = { width: 168, height: 168, cell: 16, sign: 7 }; // pixels; from which cell on a sign can be seen in it

// How the entries are laid out: as a matrix where that is not too far from a square, else in rows of one length.
function grid(a) {
  if (a.pooled !== null) return { rows: a.pooled[0], columns: a.pooled[1], wrapped: false };
  const size = a.data.length;
  let best = { rows: 1, columns: size };
  let rows = 1;
  for (const n of [1, ...a.shape]) {
    rows *= n;
    const ratio = (r) => Math.max(r, size / r) / Math.min(r, size / r);
    if (ratio(rows) < ratio(best.rows)) best = { rows, columns: size / rows };
  }
  if (Math.max(best.rows / best.columns, best.columns / best.rows) <= 8) return { ...best, wrapped: false };
  return { rows: Math.ceil(size / WRAP), columns: Math.min(size, WRAP), wrapped: true };
}

function heatMap(a, title) {
  const { rows, columns, wrapped } = grid(a);
  const cell = between(2, Math.floor(Math.min(MAP.width / columns, MAP.height / rows)), MAP.cell);
  const most = Math.max(...a.data.map((v) => Math.abs(exact(v))).filter(Number.isFinite), 0);
  const { canvas, at } = board(columns * cell, rows * cell);
  const paint = painter(at, most);
  a.data.forEach((value, place) => {
    paint(exact(value), (place % columns) * cell, Math.floor(place / columns) * cell, cell);
  });
  const kind = a.pooled === null ? `${rows} rows of ${columns}` : `means of ${rows} × ${columns} blocks`;
  canvas.setAttribute("role", "img");
  const { min, max } = a.stats;
  const range = min === null ? "" : `, from ${number(min)} to ${number(max)}`;
  canvas.setAttribute("aria-label", `${title}: heat map, ${kind}${range}; the table has the numbers`);
  const said = el("output", { class: "under" }, wrapped ? `in rows of ${columns}` : a.pooled === null ? "" : kind);
  const rest = said.textContent;
  canvas.addEventListener("pointermove", (event) => {
    const place = Math.floor(event.offsetY / cell) * columns + Math.floor(event.offsetX / cell);
    if (place < a.data.length) {
      const index = a.pooled === null ? indexOf(place, a.shape) : [Math.floor(place / columns), place % columns];
      said.textContent = `${a.pooled === null ? "" : "block "}${indexText(index)} ${number(a.data[place], 5)}`;
    }
  });
  canvas.addEventListener("pointerleave", () => (said.textContent = rest));
  return el("div", { class: "heat" }, canvas, said, legend(most));
}

function board(width, height) {
  const canvas = el("canvas");
  const dense = Math.max(1, devicePixelRatio || 1);
  Object.assign(canvas, { width: width * dense, height: height * dense });
  Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  const at = canvas.getContext("2d");
  at.scale(dense, dense);
  return { canvas, at };
}

// Draws one entry: the stronger the colour the larger, and a minus in what is negative, so that colour is not alone.
function painter(at, most) {
  const [empty, up, down, ink, bad] = ["--cell", "--up", "--down", "--ink", "--error"].map(colour);
  return (v, x, y, cell) => {
    const gap = cell > 4 ? 1 : 0;
    const rectangle = [x, y, cell - gap, cell - gap];
    at.fillStyle = empty;
    at.fillRect(...rectangle);
    if (!Number.isFinite(v)) {
      at.fillStyle = bad;
      at.fillRect(...rectangle);
      return;
    }
    const strength = most === 0 ? 0 : Math.abs(v) / most;
    at.globalAlpha = strength;
    at.fillStyle = v < 0 ? down : up;
    at.fillRect(...rectangle);
    if (v < 0 && cell >= MAP.sign && strength > 0.02) {
      at.globalAlpha = 0.35 + 0.65 * strength;
      at.fillStyle = strength > 0.5 ? empty : ink;
      at.fillRect(x + cell * 0.25, y + (cell - gap) / 2 - 0.5, cell * 0.5 - gap, 1);
    }
    at.globalAlpha = 1;
  };
}

function legend(most) {
  const [count, cell] = [11, 8];
  const { canvas: bar, at } = board(count * cell, cell);
  const paint = painter(at, 1);
  for (let i = 0; i < count; i++) paint((2 * i) / (count - 1) - 1, i * cell, 0, cell);
  bar.setAttribute("aria-hidden", "true");
  return el("p", { class: "legend" }, el("span", {}, number(-most, 2)), bar, el("span", {}, number(most, 2)));
}
