// Arrays on the panel: one number, a few numbers in a table, or a heat map with its table behind it.

const FEW = { rows: 8, columns: 5, vector: 16, wrapped: 4 };

// The figure of an array.  `role` says which of a step's arrays it is, `asked` is the place of an entry to mark.
function arrayFigure(title, a, role, asked = null) {
  const shape = el("span", { class: "shape" }, a === null ? "" : shapeText(a.shape));
  const head = el("figcaption", {}, el("b", {}, title), " ", shape);
  return el("figure", { class: `array ${role}`, "data-role": role, "data-key": a?.key }, head, contentOf(title, a, role, asked));
}

const valueFigure = (title, a) => arrayFigure(title, a, "value");

function contentOf(title, a, role, asked) {
  if (a === null) return [el("p", { class: "none" }, role === "value" ? "not kept" : "nothing yet")];
  if (a.stats.size === 0) return [el("p", { class: "none" }, "empty")];
  if (!a.data.length) return [facts(a), el("p", { class: "none" }, "Only statistics are kept on this page.")];
  if (a.stats.size === 1) return [el("p", { class: "number" }, number(a.data[0], 6))];
  const columns = a.shape.at(-1);
  const rows = a.stats.size / columns;
  if (a.pooled === null && columns <= FEW.columns && rows <= FEW.rows) return [table(a, title, columns, asked)];
  if (a.pooled === null && rows === 1 && columns <= FEW.vector) {
    return [table(a, title, FEW.wrapped, asked), el("p", { class: "under" }, `in lines of ${FEW.wrapped}`)];
  }
  return [heatMap(a, title), facts(a), behind(a, title)];
}

function facts(a) {
  const { norm, min, max, mean, nonfinite } = a.stats;
  const known = [["norm", norm], ["mean", mean], ["min", min], ["max", max]].filter(([, v]) => v !== null);
  const row = ([name, v]) => el("div", {}, el("dt", {}, name), el("dd", {}, number(v, 3)));
  const list = el("dl", { class: "facts" }, known.map(row));
  if (nonfinite) list.append(el("div", { class: "bad" }, el("dt", {}, "NaN or ∞"), el("dd", {}, String(nonfinite))));
  return list;
}

// All entries that are there, row by row, with the index of each row in front where there are several dimensions.
function table(a, title, columns, asked = null) {
  const texts = aligned(a.data);
  const rows = Math.ceil(texts.length / columns);
  const shape = a.pooled ?? a.shape;
  const body = el("tbody");
  for (let r = 0; r < rows; r++) {
    const cells = texts.slice(r * columns, (r + 1) * columns).map((text, c) => {
      const place = r * columns + c;
      const about = `${indexText(indexOf(place, shape))} ${exact(a.data[place])}`;
      return el("td", { class: place === asked ? "asked" : null, title: about }, text);
    });
    const head = shape.length > 2 ? el("th", { scope: "row" }, `${indexOf(r * columns, shape).slice(0, -1).join(",")}`) : null;
    body.append(el("tr", {}, head, cells));
  }
  return el("div", { class: "matrix" }, el("table", { "aria-label": `${title}, ${shapeText(a.shape)}` }, body));
}

// --------------------------------------------------------------------------------------------------- behind a heat map

// What the heat map is of, in numbers; made when it is opened.
function behind(a, title) {
  const details = el("details", { class: "behind" }, el("summary", {}, "table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.children.length > 1) return;
    const { columns } = grid(a);
    const said = a.pooled === null ? title : `${title}, block means`;
    const scroll = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": said });
    scroll.append(table(a, said, a.pooled === null && a.shape.length > 1 ? a.shape.at(-1) : columns));
    details.append(scroll);
    if (a.largest.length) details.append(largest(a), histogram(a, title));
  });
  return details;
}

function largest(a) {
  const texts = aligned(a.largest.map(([, v]) => v));
  const rows = a.largest.map(([index], i) => el("tr", {}, el("th", { scope: "row" }, indexText(index)), el("td", {}, texts[i])));
  return el("table", { class: "largest" }, el("caption", {}, "largest entries"), el("tbody", {}, rows));
}

function histogram(a, title) {
  if (a.hist === null) return "";
  const { low, high, counts } = a.hist;
  const [width, height] = [160, 40];
  const most = Math.max(...counts);
  const bars = counts.map((n, i) => {
    const h = n === 0 ? 0 : Math.max(1, (n / most) * height);
    return svg("rect", { x: (i * width) / counts.length, y: height - h, width: width / counts.length - 1, height: h });
  });
  const label = `${title}: histogram from ${number(low)} to ${number(high)}, ${counts.join(", ")} entries`;
  const drawn = svg("svg", { class: "histogram", width, height, role: "img", "aria-label": label }, bars);
  return el("div", {}, drawn, el("p", { class: "legend" }, el("span", {}, number(low, 2)), el("span", {}, number(high, 2))));
}
