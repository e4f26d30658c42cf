// The network with the gradient norms of one step: the boxes stay, and their colours and numbers change.

const STRIP = 7; // pixels: of the colour along the upper edge of a box

function drawNetwork(place, view, scale) {
  const drawing = view.networks[view.of];
  $("network").hidden = !drawing;
  if (!drawing) return () => {};
  const [width, height] = drawing.size;
  const ways = drawing.edges.map((points) => {
    const [start, ...rest] = points.map((p) => p.join(" "));
    return [svg("path", { class: "way", d: `M${start}C${rest.join(" ")}` }), tip(points)];
  });
  const shown = drawing.boxes.map((box) => {
    const [x, y, w, h] = box.at;
    const strip = svg("rect", { x: x + 1, y: y + 1, width: w - 2, height: STRIP, rx: 2 });
    const size = svg("text", { class: "size", x: x + w / 2, y: y + 57, "text-anchor": "middle" });
    const lines = [svg("text", { class: "title", x: x + w / 2, y: y + (box.members.length ? 25 : h / 2 + 5), "text-anchor": "middle" }, box.title), svg("text", { x: x + w / 2, y: y + 40, "text-anchor": "middle" }, box.label)];
    const group = svg("g", {}, svg("rect", { class: "box", x, y, width: w, height: h, rx: 4 }), box.members.length ? [strip, size] : [], lines);
    return { box, strip, size, group };
  });
  place.replaceChildren(svg("svg", { width, height, viewBox: `-2 -2 ${width + 4} ${height + 4}`, role: "img", "aria-label": `the network: ${plural(drawing.boxes.length, "box", "boxes")} from input to loss; the table has the numbers` }, ways.flat(), shown.map(({ group }) => group)));
  return (frame) => {
    for (const { box, strip, size } of shown) {
      if (!box.members.length) continue;
      const there = box.members.filter((i) => known(frame.gradient[i]));
      const v = there.length ? hypot(there.map((i) => exact(frame.gradient[i]))) : null;
      size.textContent = v === null ? "–" : number(v, 3);
      strip.style.fill = v === null ? "none" : !Number.isFinite(v) ? "var(--bad)" : v === 0 ? "var(--zero)" : mixed(RAMP, scale.at(v));
    }
  };
}

// An arrow's head at the end of a way.
function tip(points) {
  const [[a, b], [x, y]] = points.slice(-2);
  const turn = (Math.atan2(y - b, x - a) * 180) / Math.PI;
  return svg("path", { class: "tip", d: "M0 0l-7 -3.5v7z", transform: `translate(${x} ${y}) rotate(${turn})` });
}
