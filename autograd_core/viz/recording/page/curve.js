// The loss over time.

const CURVE = { height: 128, top: 10, bottom: 24 };

function drawCurve(place, view, left, width) {
  const { frames } = view;
  const time = new TimeScale(frames, left, width - left);
  const losses = frames.map((f) => exact(f.loss));
  const means = frames.map((f) => exact(f.mean));
  const all = [...losses, ...means].filter(Number.isFinite);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const log = low > 0 && high / low > 50;
  const scale = log ? new LogScale(all) : null;
  const span = high - low || Math.abs(high) || 1;
  const share = (v) => (log ? scale.at(v) : (v - low) / span);
  const [top, end] = [CURVE.top, CURVE.height - CURVE.bottom];
  const y = (v) => end - share(v) * (end - top);
  const ticks = !all.length ? [] : log ? scale.ticks(4).map((k) => [10 ** k, power(k)]) : roundTicks(low, low + span, 4).map((v) => [v, number(v)]);

  const grid = ticks.flatMap(([v, text]) => [
    svg("path", { class: "grid", d: `M${left} ${y(v)}H${width}` }),
    svg("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end" }, text),
  ]);
  const dots = losses.map((v, i) =>
    Number.isFinite(v)
      ? svg("circle", { class: "dot", cx: time.middle(i), cy: y(v), r: frames.length > 100 ? 1.5 : 2.5 })
      : svg("text", { class: "bad", x: time.middle(i), y: top + 8, "text-anchor": "middle" }, "✖"),
  );
  const points = means.map((v, i) => (Number.isFinite(v) ? `${time.middle(i)} ${y(v)}` : null));
  const line = points.map((p, i) => (p === null ? "" : `${i === 0 || points[i - 1] === null ? "M" : "L"}${p}`)).join("");
  const said = `${view.of} over ${plural(frames.length, "recorded step")}, from ${number(frames[0].mean)} to ${number(frames.at(-1).mean)}`;
  const head = svg("path", { class: "now", d: `M0 ${top - 6}V${end}` });
  const drawn = svg("svg", { width, height: CURVE.height, role: "img", "aria-label": said }, grid, timeAxis(time, end), svg("path", { class: "line", d: line }), dots, head);
  const caption = el("figcaption", {}, el("b", {}, view.of), ` ${log ? "log scale" : ""} `, el("span", { class: "key line" }, "mean since the frame before"), " ", el("span", { class: "key dot" }, "this batch"));
  place.replaceChildren(caption, drawn);
  return { drawn, time, show: (i) => head.setAttribute("transform", `translate(${time.middle(i)} 0)`) };
}
