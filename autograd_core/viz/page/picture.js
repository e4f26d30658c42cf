// The graph: boxes with a value and a gradient, open modules around them, arrows from operands to results.

class Picture {
  constructor(frame, replay, { opened, chosen }) {
    Object.assign(this, { frame, replay, opened, chosen, made: new Map(), position: 0, current: [], told: null });
    this.world = svg("g");
    frame.append(this.world);
    this.camera = new Camera(frame, this.world);
    this.layouts = replay.trace.layouts;
    this.depths = Object.keys(this.layouts).sort((a, b) => (a === "all") - (b === "all") || a - b);
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("dblclick", (event) => this.#open(event.target.closest(".box")));
    frame.addEventListener("focusin", (event) => this.#focused(event.target.closest(".box")));
    frame.addEventListener("pointerover", (event) => this.#about(event.target.closest(".box")));
  }

  // ------------------------------------------------------------------------------------------------- what is shown

  show(depth) {
    if (!this.made.has(depth)) this.made.set(depth, this.#drawn(this.layouts[depth]));
    this.depth = depth;
    if (this.drawn === this.made.get(depth)) return;
    this.drawn = this.made.get(depth);
    this.told = null;
    this.world.replaceChildren(this.drawn.group);
    for (const box of this.drawn.order) this.#mark(box);
    this.#highlight();
  }

  // Show the sums at a position, and the step that led there.
  update(position, step, hidden) {
    const [low, high] = [Math.min(position, this.position), Math.max(position, this.position)];
    Object.assign(this, { position, step, hidden });
    const touched = new Set();
    for (let i = low; i < high; i++) touched.add(this.drawn.boxOf[this.replay.steps[i].to]);
    for (const box of touched) if (box) this.#mark(box);
    this.#highlight();
    this.#about(this.told);
  }

  // Move to where a step is: to both boxes where they are near, else to that of the sum.
  follow(step) {
    const [from, to] = [step.node, step.to].map((id) => this.drawn.boxOf[id].at);
    this.camera.include(union([from, to]), to);
  }

  get whole() {
    return [0, 0, ...this.layouts[this.depth].size];
  }

  // The first depth, from this one on, at which nodes that are in one box now are in several; null where there is none.
  opening(nodes) {
    const inside = new Set(nodes);
    const deeper = this.depths.slice(this.depths.indexOf(this.depth) + 1);
    return deeper.find((d) => this.layouts[d].boxes.filter((b) => b.nodes.some((id) => inside.has(id))).length > 1) ?? null;
  }

  lookInto(nodes) {
    const [x, y, w, h] = union([...new Set(nodes.map((id) => this.drawn.boxOf[id].at))]);
    this.camera.fit([x - 12, y - 30, w + 24, h + 42]);
  }

  focus(id) {
    const box = this.drawn.boxOf[id];
    if (!box) return;
    this.#rove(box);
    this.camera.include(box.at);
  }

  // ---------------------------------------------------------------------------------------------------------- drawing

  #drawn(layout) {
    const { replay } = this;
    const level = ({ module }) => replay.chain(module).length - 1;
    const clusters = [...layout.clusters].sort((a, b) => level(a) - level(b)).map((c) => cluster(c, level(c)));
    const edgeOf = [];
    const edges = layout.edges.map((e) => {
      const made = arrow(e, e.edges.every((id) => !replay.node(replay.trace.edges[id].from).needs_grad));
      for (const id of e.edges) edgeOf[id] = made;
      return made;
    });
    const boxOf = [];
    const order = layout.boxes.map((b) => {
      const box = this.#box(b);
      for (const id of b.nodes) boxOf[id] = box;
      return box;
    });
    order[0]?.group.setAttribute("tabindex", "0");
    const list = svg("g", { role: "list", "aria-label": "Boxes, in the order of computation" }, order.map((box) => box.group));
    const boxes = new Map(order.map((box) => [box.id, box]));
    return { group: svg("g", {}, svg("g", {}, clusters), svg("g", {}, edges), list), boxes, boxOf, edgeOf, order };
  }

  #box(b) {
    const { replay } = this;
    const several = b.kind === "input" && b.nodes.length > 1; // constants
    const main = b.id.startsWith("n") && !several ? replay.node(Number(b.id.slice(1))) : null;
    const into = main ? replay.into[main.id] : b.nodes.flatMap((id) => replay.into[id]).sort((p, q) => p - q);
    const own = ({ kind }) => kind === "parameter" || kind === "leaf";
    const parameters = main ? [] : b.nodes.filter((id) => own(replay.node(id)) && replay.into[id].length);
    const failed = Boolean(main?.error);
    const fixed = !failed && !(main ? [main] : b.nodes.map((id) => replay.node(id))).some((n) => n.needs_grad);
    const output = (main ? [main.id] : b.nodes).some((id) => id in replay.starts);
    const kinds = ["box", b.kind, fixed && "fixed", failed && "failed"].filter(Boolean).join(" ");
    const place = `translate(${b.at[0]} ${b.at[1]})`;
    const group = svg("g", { class: kinds, "data-id": b.id, role: "listitem", tabindex: "-1", transform: place });
    const face = faceOf(b, { fixed, output });
    const box = { ...b, group, main, into, parameters, fixed, failed, face, width: face.width - 2 * PAD };
    group.append(...face.shapes);
    let top = face.y + PAD - 3;
    for (const [kind, text] of this.#rows(box)) {
      top += HEIGHTS[kind];
      if (kind === "gradient") {
        box.dot = mark();
        box.gradient = svg("text", { class: kind, y: top });
        box.height = top - 4;
        group.append(box.dot, box.gradient);
      } else {
        const x = face.x + face.width / 2;
        group.append(svg("text", { class: `${kind} middle`, x, y: top }, fitted(text, box.width, FONTS[kind])));
      }
    }
    if (b.kind === "fold") box.bars = this.#sparkline(box, top + 6);
    box.badge = svg("text", { class: "badge", x: b.at[2] - 2, y: -4 });
    group.append(box.badge);
    return box;
  }

  // The lines of a box, as far as it has room: what can be missed goes first.
  #rows(box) {
    const named = box.main ? box.main.name !== null : box.kind !== "input";
    const title = [[named ? "name" : "title", box.title]];
    const lines = box.lines.map((text) => ["line", text]);
    const value = box.main && !box.failed ? [["value", this.#value(box.main)]] : [];
    const gradient = box.fixed || box.failed ? [] : [["gradient", ""]];
    const tall = () => [...value, ...title, ...lines, ...gradient].reduce((sum, [kind]) => sum + HEIGHTS[kind], PAD - 3);
    while (tall() > box.face.height - 3 && lines.length + value.length) (lines.length ? lines : value).pop();
    return [...value, ...title, ...lines, ...gradient];
  }

  #value(node) {
    const a = this.replay.array(node.value);
    if (a === null) return "not kept";
    return a.stats.size === 1 && a.data.length ? `= ${number(a.data[0])}` : `norm ${number(a.stats.norm ?? NaN, 3)}`;
  }

  // Bars of a fold: the norm of the gradients of each copy's parameters, drawn when it is known.
  #sparkline(box, top) {
    const copies = this.#copies(box);
    if (copies.length < 2 || top + BARS > box.face.height) return null;
    const step = Math.min(12, box.width / copies.length);
    const left = (box.face.width - step * copies.length) / 2;
    return copies.map((nodes, i) => {
      const at = { x: left + i * step, width: Math.max(1, step - 2), y: top + BARS };
      const bar = svg("rect", { class: "bar", ...at, height: 0 });
      box.group.append(svg("rect", { class: "base", ...at, height: 1 }), bar);
      return { nodes, bar, bottom: at.y };
    });
  }

  #copies(box) {
    const { trace } = this.replay;
    const found = new Map((trace.modules[box.module]?.fold?.of ?? []).map((id) => [id, []]));
    for (const id of box.parameters) {
      const copy = this.replay.chain(this.replay.node(id).module).find((m) => found.has(m));
      if (copy !== undefined) found.get(copy).push(id);
    }
    return [...found.values()];
  }

  // ------------------------------------------------------------------------------------------------ what is known by now

  // The norm of several gradients together; null while one is missing.
  #norm(nodes) {
    let squares = 0;
    for (const id of nodes) {
      const { array, state } = this.replay.sum(id, this.position);
      if (state !== "whole" || array.stats.norm === null) return null;
      squares += array.stats.norm ** 2;
    }
    return nodes.length ? Math.sqrt(squares) : null;
  }

  #mark(box) {
    const about = [box.title, this.#kind(box)].filter(Boolean).join(", ");
    if (!box.gradient) {
      box.group.setAttribute("aria-label", box.failed ? about : `${about}, needs no gradient`);
      return;
    }
    const { text, state } = box.main ? this.#ofTensor(box) : this.#ofModule(box);
    const shown = fitted(text, box.width - DOT, FONTS.gradient);
    const left = box.face.x + (box.face.width - DOT - widthOf(shown, FONTS.gradient)) / 2;
    box.group.dataset.state = state;
    box.gradient.textContent = shown;
    box.gradient.setAttribute("x", left + DOT);
    box.dot.setAttribute("transform", `translate(${left + 4} ${box.height})`);
    box.group.setAttribute("aria-label", `${about}, gradient ${text}`);
    if (box.bars) this.#raise(box.bars);
  }

  // What a box is, in words.
  #kind(box) {
    if (!box.main) return box.lines.join(", ");
    const { kind, op, error, shape } = box.main;
    const size = shape === null ? null : shapeText(shape);
    const value = error ? `failed: ${error}` : this.#value(box.main);
    return [kind === "operation" ? op : kind, size, value].filter(Boolean).join(", ");
  }

  #ofTensor(box) {
    const { array, k, of, state } = this.replay.sum(box.main.id, this.position);
    if (state === "outside") return { state: "none", text: "none arrives" };
    if (state === "none") return { state, text: "not computed" };
    const one = array.stats.size === 1 && array.data.length;
    const text = one ? number(array.data[0]) : `norm ${number(array.stats.norm ?? NaN, 3)}`;
    return { state, text: state === "part" && of > 1 ? `${text} (${k} of ${of})` : text };
  }

  #ofModule(box) {
    const k = bisect(box.into, this.position);
    const of = box.into.length;
    if (k === 0 && of > 0) return { state: "none", text: "not computed" };
    if (k < of) return { state: "part", text: `${k} of ${of} steps` };
    const norm = this.#norm(box.parameters);
    return { state: "whole", text: norm === null ? "complete" : `norm ${number(norm, 3)}` };
  }

  #raise(bars) {
    const norms = bars.map(({ nodes }) => this.#norm(nodes));
    const most = Math.max(...norms.map((n) => n ?? 0));
    bars.forEach(({ bar, bottom }, i) => {
      const height = !norms[i] ? 0 : Math.max(1, BARS * (norms[i] / most));
      bar.setAttribute("height", height);
      bar.setAttribute("y", bottom - height);
    });
  }

  // Mark the two boxes of the step, and the arrow between them.
  #highlight() {
    for (const { group, badge } of this.current) {
      group.classList.remove("from", "to", "on");
      if (badge) badge.textContent = "";
    }
    this.current = [];
    const { step, drawn, hidden } = this;
    if (!step) return;
    const [from, to, along] = [drawn.boxOf[step.node], drawn.boxOf[step.to], drawn.edgeOf[step.edge.id]];
    const light = (box, name, badge) => {
      if (!box) return;
      box.group.classList.add(name);
      box.badge.textContent = badge;
      this.current.push(box);
    };
    light(from, "from", "G");
    light(to, "to", from === to ? "inside" : hidden ? "?" : step.of > 1 ? `+ ${step.k} of ${step.of}` : "+");
    if (along) {
      along.classList.add("on");
      along.parentNode.append(along); // above the others
      this.current.push({ group: along });
    }
  }

  // ------------------------------------------------------------------------------------------------- keyboard and pointer

  #key(event) {
    const box = this.#boxOf(event.target);
    if (!box) return;
    const { order } = this.drawn;
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) this.#rove(order[between(0, order.indexOf(box) + by, order.length - 1)]);
    else if (event.key === "Enter") this.opened(box);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #boxOf(group) {
    return group && this.drawn.boxes.get(group.dataset.id);
  }

  // One box at a time can be reached with Tab: the one that had the focus last.
  #rove(box) {
    for (const { group } of this.drawn.order) group.setAttribute("tabindex", "-1");
    box.group.setAttribute("tabindex", "0");
    box.group.focus({ preventScroll: true });
  }

  #focused(group) {
    const box = this.#boxOf(group);
    if (!box) return;
    if (group.getAttribute("tabindex") !== "0") this.#rove(box);
    if (group.matches(":focus-visible")) this.camera.include(box.at);
    this.#about(group);
  }

  // Tell of a box, and go on to tell of it while steps change it.
  #about(group) {
    if (!group) return;
    this.told = group;
    this.chosen(group.getAttribute("aria-label"));
  }

  #open(group) {
    const box = this.#boxOf(group);
    if (box) this.opened(box);
  }
}
