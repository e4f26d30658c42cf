// The slider over the recorded steps, and what follows it.

const PLAY = { whole: 9000, fastest: 60, slowest: 500 }; // milliseconds: of a whole run, and of one frame

class Time {
  constructor(view) {
    this.view = view;
    this.at = 0;
    this.timer = null;
    this.begin();
    this.listen();
  }

  begin() {
    const { view } = this;
    const { record } = view;
    $("lead").textContent = view.frames.length
      ? `${plural(record.frames.length, "frame")} of ${record.steps.toLocaleString("en")} ${record.steps === 1 ? "step" : "steps"}; ${plural(view.record.parameters.length, "parameter")}`
      : "Nothing was recorded: no backward pass of one number was seen.";
    if (!view.frames.length) return;
    $("main").hidden = false;
    $("losses").hidden = view.losses.length < 2;
    $("of").append(...view.losses.map((name) => el("option", { value: name }, name)));
    $("flags").append(flagList(record.flags, (flag) => this.jump(flag)));
    this.at = view.frames.length - 1;
    this.draw();
  }

  draw() {
    const { view } = this;
    const width = Math.max(280, $("charts").clientWidth);
    const longest = Math.max(...view.rows.map((row) => widthOf(rowTitle(row), "12px system-ui")), 40);
    const left = Math.ceil(Math.min(longest + 10, width * 0.36));
    const choose = (i) => this.show(i);
    this.curve = drawCurve($("curve"), view, left, width);
    this.curve.drawn.addEventListener("click", (event) => choose(this.curve.time.frame(event.clientX - this.curve.drawn.getBoundingClientRect().left)));
    this.maps = [
      drawHeat($("gradients"), view, left, width, gradientMap(view), choose),
      drawHeat($("updates"), view, left, width, updateMap(view), choose),
    ];
    const ratios = [view.limits.least / 10, view.limits.most * 10];
    this.scales = { gradient: new LogScale(view.values("gradient").flat()), ratio: new LogScale([], ...ratios) };
    this.network = drawNetwork($("boxes"), view, this.scales.gradient);
    this.width = width;
    $("slider").max = view.frames.length - 1;
    this.show(this.at);
  }

  show(i) {
    const { view } = this;
    this.at = between(0, i, view.frames.length - 1);
    const frame = view.frames[this.at];
    this.curve.show(this.at);
    for (const map of this.maps) map(this.at);
    this.network(frame);
    $("slider").value = this.at;
    const step = `step ${frame.step.toLocaleString("en")}`;
    $("slider").setAttribute("aria-valuetext", step);
    $("now").textContent = `${step} of ${view.record.steps.toLocaleString("en")}`;
    $("layers-title").textContent = `At ${step}: loss ${number(frame.loss)}`;
    $("layers").replaceChildren(layersTable(view, this.at, this.scales));
    $("activations-title").textContent = `Activations at ${step}`;
    $("behind").hidden = !Object.keys(frame.activations).length;
    $("activations").replaceChildren(activationsTable(frame));
    if (this.timer === null) $("live").textContent = this.sentence(frame);
    $("back").disabled = $("first").disabled = this.at === 0;
    $("on").disabled = $("last").disabled = this.at === view.frames.length - 1;
  }

  sentence(frame) {
    const rows = this.view.rows.map((row, r) => [row.name, this.view.readings[this.at][r]]).filter(([, reading]) => reading !== null);
    const sizes = rows.map(([name, { gradient }]) => [gradient, name]).sort(([a], [b]) => b - a);
    const range = sizes.length > 1 ? `; the largest gradient is ${number(sizes[0][0], 3)} at ${sizes[0][1]}, the smallest ${number(sizes.at(-1)[0], 3)} at ${sizes.at(-1)[1]}` : "";
    return `Step ${frame.step}, loss ${number(frame.loss)}${range}.`;
  }

  jump(flag) {
    this.stop();
    if (flag.of !== this.view.of) {
      $("of").value = flag.of;
      this.change();
    }
    this.show(this.view.frameAt(flag.step));
    $("bar").scrollIntoView({ block: "nearest" });
  }

  change() {
    const { step } = this.view.frames[this.at];
    this.view.choose($("of").value, $("rows").value);
    this.at = this.view.frameAt(step);
    this.draw();
  }

  play() {
    if (this.timer !== null) return this.stop();
    if (this.at === this.view.frames.length - 1) this.show(0);
    const pause = between(PLAY.fastest, PLAY.whole / this.view.frames.length, PLAY.slowest);
    this.timer = setInterval(() => {
      this.show(this.at + 1);
      if (this.at === this.view.frames.length - 1) this.stop();
    }, pause);
    this.label("❚❚", "pause", true);
  }

  stop() {
    if (this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
    this.label("▶", "play", false);
    this.show(this.at);
  }

  label(sign, text, pressed) {
    $("play").replaceChildren(el("span", { "aria-hidden": "true" }, sign), ` ${text}`);
    fill($("play"), { "aria-label": text, "aria-pressed": String(pressed) }, []);
  }

  listen() {
    const moves = { first: () => 0, back: () => this.at - 1, on: () => this.at + 1, last: () => Infinity };
    const go = (name) => {
      this.stop();
      this.show(moves[name]());
    };
    for (const name of Object.keys(moves)) $(name).addEventListener("click", () => go(name));
    $("play").addEventListener("click", () => this.play());
    $("slider").addEventListener("input", () => {
      this.stop();
      this.show(Number($("slider").value));
    });
    for (const id of ["of", "rows"]) $(id).addEventListener("change", () => this.change());
    const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !this.view.frames.length) return;
      const inside = event.target.closest?.("select, input, .scroll, .wide");
      if (event.key === " " && !event.target.closest?.("button, select")) this.play();
      else if (keys[event.key] && !inside) go(keys[event.key]);
      else return;
      event.preventDefault();
    });
    const redraw = () => this.view.frames.length && $("charts").clientWidth !== this.width && this.draw();
    addEventListener("resize", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.view.frames.length && this.draw());
  }
}

unpacked().then((content) => new Time(new View(content)));
