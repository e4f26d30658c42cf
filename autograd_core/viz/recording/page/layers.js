// The layers at one step: a table, with bars of logarithmic length in its cells.

function layersTable(view, i, scales) {
  const rows = view.rows.map((row, r) => {
    const reading = view.readings[i][r];
    const name = el("th", { scope: "row", title: row.shapes.join(", ") }, row.name, " ", row.label ? el("small", {}, row.label) : "");
    if (reading === null) return el("tr", { class: "none" }, name, el("td", { colspan: "4" }, "no gradient in this step"));
    return el(
      "tr",
      {},
      name,
      barCell(reading.gradient, scales.gradient, "gradient"),
      barCell(reading.ratio, scales.ratio, judged(reading.ratio, view.limits)),
      el("td", {}, number(reading.weight, 3)),
      el("td", { class: reading.nonfinite ? "bad" : null }, reading.nonfinite ? `${reading.nonfinite} NaN` : percent(reading.zeros)),
    );
  });
  const head = ["gradient norm", "update / weight", "weight", "zeros"].map((text) => el("th", { scope: "col" }, text));
  const what = view.by === "layer" ? "layer" : "parameter";
  return el("table", { class: "bars" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, what), head)), el("tbody", {}, rows));
}

const percent = (share) => `${number(100 * share, 2)} %`;

function judged(ratio, { least, most }) {
  return ratio === null ? "" : ratio > most ? "much" : ratio < least ? "little" : "fine";
}

const SAYS = { much: ["▲", "too large"], little: ["▼", "too small"] };

function barCell(v, scale, kind) {
  if (v === null) return el("td", {}, "–");
  const bar = el("i", { class: Number.isFinite(v) ? kind : "bad" });
  bar.style.width = `${Number.isFinite(v) ? Math.max(100 * scale.at(v), v > 0 ? 2 : 0) : 100}%`;
  const sign = SAYS[kind] ? el("span", { class: `sign ${kind}`, title: SAYS[kind][1], role: "img", "aria-label": SAYS[kind][1] }, SAYS[kind][0]) : "";
  return el("td", {}, el("div", { class: "bar" }, el("span", { class: "track", "aria-hidden": "true" }, bar), el("span", { class: "size" }, number(v, 3), sign)));
}
