// Rows by time: a cell is darker or brighter by a number, and the line under the map says which number that is.

const GAP = { few: 18, many: 14 }; // pixels of a row: with up to 16 of them, and with more

// `map` has a title, a key of readings, a colour for a number and a legend; `choose` goes to a frame.
function drawHeat(place, view, left, width, map, choose) {
  const { frames, rows } = view;
  const time = new TimeScale(frames, left, width - left);
  const values = view.values(map.key);
  const each = rows.length <= 16 ? GAP.few : GAP.many;
  const height = rows.length * each;
  const names = rows.map((row, r) => {
    const shown = fitted(rowTitle(row), left - 8, "12px system-ui");
    return svg("text", { x: left - 6, y: r * each + each / 2 + 4, "text-anchor": "end" }, svg("title", {}, `${rowTitle(row)}: ${row.shapes.join(", ")}`), shown);
  });
  const head = svg("rect", { class: "now", x: 0, y: 0.5, width: Math.max(time.each, 3), height: height - 1 });
  const cursor = svg("rect", { class: "cursor", width: Math.max(time.each, 3), height: each - 1, visibility: "hidden" });
  const over = svg("svg", { width, height: height + 22, "aria-hidden": "true" }, names, timeAxis(time, height), head, cursor);
  const canvas = painted(values, time, each, map.colour);
  canvas.style.left = `${left}px`;
  const box = el("div", { class: "map", tabindex: "0", role: "application", "aria-roledescription": "heat map", "aria-label": `${map.title}: ${plural(rows.length, "row")} by ${plural(frames.length, "step")}; arrow keys read cells` }, canvas, over);
  const said = el("output", { class: "under" });
  let row = 0;
  let current = 0;

  const text = (i, r) => `${rows[r].name}, step ${frames[i].step.toLocaleString("en")}: ${values[i][r] === null ? "nothing" : number(values[i][r])}`;
  const point = (i, r) => {
    said.textContent = text(i, r);
    fill(cursor, { x: time.left + i * time.each, y: r * each, visibility: "visible" }, []);
  };
  box.addEventListener("pointermove", (event) => {
    const { left: x, top: y } = box.getBoundingClientRect();
    const r = Math.floor((event.clientY - y) / each);
    if (event.clientX - x >= left && r >= 0 && r < rows.length) point(time.frame(event.clientX - x), r);
  });
  box.addEventListener("pointerleave", () => {
    cursor.setAttribute("visibility", "hidden");
    said.textContent = document.activeElement === box ? text(current, row) : "";
  });
  box.addEventListener("focus", () => point(current, row));
  box.addEventListener("blur", () => cursor.setAttribute("visibility", "hidden"));
  box.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    row = between(0, row + by, rows.length - 1);
    point(current, row);
  });
  box.addEventListener("click", (event) => {
    const x = event.clientX - box.getBoundingClientRect().left;
    if (x >= left) choose(time.frame(x));
  });
  const [button, behind] = numbersBehind(view, map, values);
  place.replaceChildren(el("figcaption", {}, el("b", {}, map.title), " ", map.legend(), said, button), box, behind);
  return (i) => {
    current = i;
    head.setAttribute("x", time.left + i * time.each - (time.each < 3 ? 1.5 : 0));
    if (document.activeElement === box) point(i, row);
  };
}

function painted(values, time, each, colourOf) {
  const dense = Math.max(1, devicePixelRatio || 1);
  const rows = values.length ? values[0].length : 0;
  const canvas = el("canvas", { "aria-hidden": "true", width: Math.round(time.width * dense), height: Math.round(rows * each * dense) });
  Object.assign(canvas.style, { width: `${time.width}px`, height: `${rows * each}px` });
  const at = canvas.getContext("2d");
  const bad = colour("--bad");
  at.scale(dense, dense);
  values.forEach((frame, i) => {
    const [x, next] = [i * time.each, (i + 1) * time.each].map((v) => Math.round(v * dense) / dense);
    frame.forEach((v, r) => {
      if (v === null) return;
      at.fillStyle = Number.isFinite(v) ? colourOf(v) : bad;
      at.fillRect(x, r * each, next - x, each - 1);
      if (!Number.isFinite(v) && next - x >= 6) cross(at, (x + next) / 2, r * each + each / 2);
    });
  });
  return canvas;
}

// Colour is never alone: what is not finite has a cross.
function cross(at, x, y) {
  at.strokeStyle = "white";
  at.lineWidth = 1.5;
  at.beginPath();
  for (const way of [1, -1]) {
    at.moveTo(x - 3, y - 3 * way);
    at.lineTo(x + 3, y + 3 * way);
  }
  at.stroke();
}

// The scale of a map: a strip of its colours with numbers.
function legend(colours, texts) {
  const count = 28;
  const strip = el("canvas", { width: count * 3, height: 10, "aria-hidden": "true" });
  const at = strip.getContext("2d");
  for (let i = 0; i < count; i++) {
    at.fillStyle = colours(i / (count - 1));
    at.fillRect(i * 3, 0, 3, 10);
  }
  return el("span", { class: "legend" }, el("span", {}, texts[0]), strip, el("span", {}, texts[1]));
}

// All numbers of a map, made when they are asked for: the button, and where the table comes.
function numbersBehind(view, map, values) {
  const place = el("div", { hidden: true });
  const button = el("button", { class: "plain", type: "button", "aria-expanded": "false", "aria-label": `${map.title} as a table` }, "table");
  button.addEventListener("click", () => {
    place.hidden = !place.hidden;
    button.setAttribute("aria-expanded", String(!place.hidden));
    if (place.hidden || place.children.length) return;
    const head = el("tr", {}, el("th", { scope: "col" }, "step"), view.rows.map((row) => el("th", { scope: "col" }, row.name)));
    const body = values.map((frame, i) =>
      el("tr", {}, el("th", { scope: "row" }, String(view.frames[i].step)), frame.map((v) => el("td", {}, v === null ? "–" : number(v, 3)))),
    );
    const table = el("table", { class: "numbers" }, el("caption", {}, map.title), el("thead", {}, head), el("tbody", {}, body));
    place.append(el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${map.title}, as a table` }, table));
  });
  return [button, place];
}

function gradientMap(view) {
  const scale = new LogScale(view.values("gradient").flat());
  return {
    key: "gradient",
    title: "Gradient norm",
    colour: (v) => (v === 0 ? colour("--zero") : mixed(RAMP, scale.at(v))),
    legend: () => legend((t) => mixed(RAMP, t), [power(scale.low), power(scale.high)]),
  };
}

// The middle of this scale is where both limits are equally far in powers of ten, and it ends one power beyond them.
function updateMap(view) {
  const { least, most } = view.limits;
  const scale = new LogScale([], least / 10, most * 10);
  return {
    key: "ratio",
    title: "Update / weight",
    colour: (v) => mixed(TWO_SIDED, scale.at(v)),
    legend: () => legend((t) => mixed(TWO_SIDED, t), [`≤ ${power(scale.low)}`, `≥ ${power(scale.high)}`]),
  };
}
