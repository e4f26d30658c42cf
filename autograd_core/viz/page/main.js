// What the reader does, and where that leads.

const KEYS = [
  ["→  ←", "step forward, step back"],
  ["Shift+→  Shift+←", "the same by node: all contributions of one call"],
  ["Home  End", "to the start, to the end"],
  ["p", "play, pause"],
  ["q", "quiz: predict, then see; Enter compares"],
  ["/  g", "find a tensor; go to the step that completes its gradient"],
  ["↑  ↓", "from box to box, when the graph has the focus"],
  ["Enter", "on a box: open the module, or go to the tensor's last step"],
  ["Backspace", "out of the module again"],
  ["[  ]", "fewer, more levels of modules open"],
  ["+  −  0", "zoom in, zoom out, the whole graph"],
  ["v", "values in the boxes, on or off"],
  ["?", "this help"],
];

class Page {
  constructor(replay) {
    this.replay = replay;
    this.quiz = new Quiz(replay);
    this.position = 0;
    this.within = []; // the modules that were opened, and the depths before
    this.panel = new Panel($("panel"), replay, this.quiz, {
      go: (to) => this.go(to),
      next: () => this.move(1),
      answer: (text) => this.answer(text),
      giveUp: () => this.giveUp(),
    });
    this.finder = new Finder(replay, (node, going) => this.found(node, going));
    $("page").hidden = false;
    this.picture = new Picture($("picture"), replay, {
      opened: (box) => this.enter(box),
      chosen: (text) => ($("about").textContent = text),
    });
    this.#buttons();
    this.#help();
    $("position").max = replay.steps.length;
    $("depth").max = this.picture.depths.length - 1;
    document.querySelector(".depth").hidden = this.picture.depths.length < 2;
    this.picture.show(this.#firstDepth());
    this.#showDepth();
    this.go(0);
    this.#look();
  }

  #firstDepth() {
    const { depths } = this.picture;
    const wanted = String(this.replay.depth ?? "all");
    return depths.includes(wanted) ? wanted : depths.at(-1);
  }

  // The whole graph, or what of it can be read, around where the backward pass starts.
  #look() {
    const { picture, replay } = this;
    const [width, height] = picture.camera.size;
    if (!width || !height) {
      // A frame in a notebook may have no size yet.
      const resized = new ResizeObserver(() => {
        if (picture.camera.size.includes(0)) return;
        resized.disconnect();
        this.#look();
      });
      resized.observe(picture.frame);
      return;
    }
    const [, , w, h] = picture.whole;
    if (Math.min(width / w, height / h) >= SCALE.whole) picture.camera.fit(picture.whole);
    else {
      picture.camera.set(0, 0, SCALE.readable);
      const start = picture.drawn.boxOf[Number(Object.keys(replay.starts)[0])];
      picture.camera.fit(start ? widened(start.at, width, height) : picture.whole);
    }
  }

  // ----------------------------------------------------------------------------------------------------------- stepping

  get step() {
    return this.replay.steps[this.position - 1];
  }

  get granularity() {
    return this.quiz.on ? "edge" : $("granularity").value;
  }

  go(position, said = null) {
    const { replay, picture, panel, quiz } = this;
    this.position = between(0, position, replay.steps.length);
    const { step } = this;
    const hidden = quiz.hides(step);
    picture.update(hidden ? this.position - 1 : this.position, step, hidden);
    if (step) picture.follow(step);
    const group = this.granularity === "edge" ? [] : replay.group(this.position, this.granularity);
    if (step) panel.step(step, group, said);
    else panel.start();
    $("position").value = this.position;
    const count = `${this.position} of ${replay.steps.length}`;
    $("position").setAttribute("aria-valuetext", `${count} steps`);
    $("taken").textContent = count;
    $("back").disabled = $("first").disabled = this.position === 0;
    $("next-step").disabled = $("last").disabled = this.position === replay.steps.length;
    if (this.position === replay.steps.length) this.play(false);
    if (said) this.say([said.said, said.hint].filter(Boolean).join(" Hint: "));
    else if (hidden) this.say(quiz.question(step).text);
    else if (step) this.say(`${this.position}: ${replay.line(step)}. ${replay.sentence(step)}`);
  }

  move(by, granularity = this.granularity) {
    this.go(this.replay.moved(this.position, by, granularity));
  }

  say(text) {
    $("spoken").textContent = text;
  }

  play(on) {
    clearInterval(this.timer);
    this.playing = on && this.position < this.replay.steps.length && !this.quiz.on;
    $("play").setAttribute("aria-pressed", String(this.playing));
    $("play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
    if (this.playing) this.timer = setInterval(() => this.move(1), 1000 / Number($("speed").value));
  }

  // --------------------------------------------------------------------------------------------------------------- quiz

  setQuiz(on) {
    this.quiz.on = on;
    this.play(false);
    $("play").disabled = $("granularity").disabled = on;
    $("to-quiz").setAttribute("aria-pressed", String(on));
    this.go(this.position);
    if (!this.step) this.say(on ? "Quiz on. Press right to begin." : "Quiz off.");
  }

  answer(text) {
    const { right, said, hint } = this.quiz.answer(this.step, text);
    this.go(this.position, { said, hint });
    if (right) $("next").focus({ preventScroll: true });
    else {
      $("answer").value = text;
      $("answer").focus();
      $("answer").select();
    }
  }

  giveUp() {
    const said = this.quiz.giveUp(this.step);
    this.go(this.position, { said });
    $("next").focus({ preventScroll: true });
  }

  // -------------------------------------------------------------------------------------------------- depth, modules, find

  setDepth(depth) {
    const { picture, step } = this;
    picture.show(depth);
    this.#showDepth();
    if (step) picture.follow(step);
    else this.#look();
  }

  deeper(by) {
    const { depths, depth } = this.picture;
    const to = depths[between(0, depths.indexOf(depth) + by, depths.length - 1)];
    this.within = [];
    this.setDepth(to);
  }

  enter(box) {
    const { picture, replay } = this;
    if (box.main) {
      const last = replay.into[box.main.id].at(-1);
      if (last !== undefined) this.go(last + 1);
      return;
    }
    const { nodes } = box;
    const depth = picture.opening(nodes);
    if (depth === null) {
      const said = `${box.title} is drawn as one box at every depth.`;
      $("about").textContent = said;
      this.say(said);
      return;
    }
    const title = replay.trace.modules[box.module]?.path ?? box.title;
    this.within.push({ title, nodes, depth: picture.depth });
    picture.show(depth);
    this.#showDepth();
    picture.focus(picture.drawn.order.find((b) => b.nodes.some((id) => nodes.includes(id))).nodes[0]);
    picture.lookInto(nodes);
    this.say(`Inside ${title}`);
  }

  out() {
    const last = this.within.pop();
    if (!last) return;
    const { picture } = this;
    picture.show(last.depth);
    this.#showDepth();
    picture.focus(last.nodes[0]);
    const around = this.within.at(-1);
    if (around) picture.lookInto(around.nodes);
    this.say(around ? `Inside ${around.title}` : "The whole graph");
  }

  #showDepth() {
    const { depths, depth, layouts } = this.picture;
    const at = depths.indexOf(depth);
    $("depth").value = at;
    $("depth").setAttribute("aria-valuetext", depth);
    $("depth-said").textContent = depth;
    $("about").textContent = layouts[depth].says;
    $("crumbs").hidden = !this.within.length;
    $("crumbs").replaceChildren(...["whole graph", ...this.within.map(({ title }) => title)].map((text, i) => {
      const left = this.within.length - i;
      const button = el("button", { "aria-current": left === 0 ? "location" : null }, text);
      button.addEventListener("click", () => {
        for (let i = 0; i < left; i++) this.out();
      });
      return el("li", {}, button);
    }));
  }

  found(node, going) {
    const into = this.replay.into[node];
    if (going && into.length) this.go(into.at(-1) + 1);
    else this.picture.focus(node);
  }

  // ----------------------------------------------------------------------------------------------------- buttons and keys

  #buttons() {
    const clicks = {
      first: () => this.go(0),
      back: () => this.move(-1),
      "next-step": () => this.move(1),
      last: () => this.go(Infinity),
      play: () => this.play(!this.playing),
      "to-find": () => this.finder.open(false),
      "to-values": () => this.values(),
      "to-quiz": () => this.setQuiz(!this.quiz.on),
      "to-theme": () => this.theme(),
      "to-help": () => $("help").showModal(),
      "zoom-in": () => this.picture.camera.zoom(1.3),
      "zoom-out": () => this.picture.camera.zoom(1 / 1.3),
      "zoom-fit": () => this.picture.camera.fit(this.picture.whole),
    };
    for (const [id, action] of Object.entries(clicks)) $(id).addEventListener("click", action);
    $("position").addEventListener("input", () => this.#slide());
    $("depth").addEventListener("input", () => {
      this.within = [];
      this.setDepth(this.picture.depths[Number($("depth").value)]);
    });
    $("granularity").addEventListener("change", () => this.go(this.position));
    $("speed").addEventListener("change", () => this.play(this.playing));
    document.addEventListener("keydown", (event) => this.#key(event));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.go(this.position));
    const paper = new Paper(this);
    addEventListener("beforeprint", () => paper.lay());
    addEventListener("afterprint", () => paper.clear());
    if (this.quiz.on) $("to-quiz").setAttribute("aria-pressed", "true");
    $("play").disabled = $("granularity").disabled = this.quiz.on;
  }

  // The slider stops where groups end.
  #slide() {
    const wanted = Number($("position").value);
    const ends = this.replay.ends[this.granularity];
    this.go(wanted === 0 ? 0 : ends[bisect(ends, wanted)]);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { target, key, shiftKey } = event;
    const writing = target.id === "answer";
    if (target.matches("select") || (target.type === "range" && /^(Arrow|Home|End|Page)/.test(key))) return;
    if (writing && !(key === "q" || key === "?" || (target.value === "" && /^Arrow(Left|Right)$/.test(key)))) return;
    const by = shiftKey ? "node" : this.granularity;
    const actions = {
      ArrowRight: () => this.move(1, by),
      ArrowLeft: () => this.move(-1, by),
      Home: () => this.go(0),
      End: () => this.go(Infinity),
      Backspace: () => this.out(),
      "/": () => this.finder.open(false),
      g: () => this.finder.open(true),
      v: () => this.values(),
      q: () => this.setQuiz(!this.quiz.on),
      p: () => this.play(!this.playing),
      "?": () => $("help").showModal(),
      "[": () => this.deeper(-1),
      "]": () => this.deeper(1),
      "+": () => this.picture.camera.zoom(1.3),
      "-": () => this.picture.camera.zoom(1 / 1.3),
      0: () => this.picture.camera.fit(this.picture.whole),
    };
    if (!Object.hasOwn(actions, key)) return;
    event.preventDefault();
    actions[key]();
  }

  values() {
    const shown = $("to-values").getAttribute("aria-pressed") !== "true";
    $("to-values").setAttribute("aria-pressed", String(shown));
    $("picture").classList.toggle("no-values", !shown);
  }

  theme() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    this.go(this.position);
  }

  #help() {
    const close = el("button", { class: "primary" }, "Close");
    close.addEventListener("click", () => $("help").close());
    const rows = KEYS.map(([keys, words]) => {
      const shown = keys.split("  ").map((key) => [el("kbd", {}, key), " "]);
      return el("tr", {}, el("th", { scope: "row" }, shown), el("td", {}, words));
    });
    const head = el("div", { class: "head" }, el("h2", { id: "help-title" }, "How to read this page"), close);
    $("help").append(head, explanation(), el("h3", {}, "Keys"), el("table", { class: "keys" }, el("tbody", {}, rows)));
  }
}

// A rectangle of the size of the frame, at a scale that can be read, around another.
function widened([x, y, w, h], width, height) {
  const [wide, high] = [width / SCALE.readable - MARGIN, height / SCALE.readable - MARGIN];
  return [x + w / 2 - wide / 2, y + h - high + 40, wide, high];
}

try {
  new Page(new Replay(await unpacked()));
} catch (error) {
  $("page").hidden = true;
  $("failed").hidden = false;
  $("failed").textContent = typeof DecompressionStream === "undefined"
    ? "This page needs a browser from 2023 or later: one that can open compressed data."
    : `This page could not be opened: ${error.message}`;
  throw error;
}
