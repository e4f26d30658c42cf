// What one step does, from the line of the program to the sum, in the order in which one would work it out.

class Panel {
  constructor(place, replay, quiz, actions) {
    Object.assign(this, { place, replay, quiz, actions, opened: new Set() });
    place.addEventListener("toggle", (event) => this.#remember(event), { capture: true });
  }

  start() {
    const { trace, notes, starts } = this.replay;
    const from = Object.entries(starts).map(([id, key]) => `${brief(this.replay.array(key))} at ${this.replay.name(Number(id))}`);
    this.#put([
      el("h2", {}, "How to read this page"),
      explanation(),
      el("p", {}, from.length
        ? `Here backprop starts with the gradient ${from.join(", ")}, and takes ${plural(trace.steps.length, "step")}.`
        : "A call failed, so there is nothing to step through; the box with the red border says why."),
      this.quiz.on ? el("p", {}, "Quiz: you will be asked for each contribution before it is shown. Press → to begin.") : null,
      notes.map((text) => el("p", { class: "note" }, text)),
      trace.stopped ? el("p", { class: "note" }, `The backward pass could not be followed to its end: ${trace.stopped}`) : null,
    ]);
  }

  step(step, group, said) {
    const { replay } = this;
    const hidden = this.quiz.hides(step);
    this.#put([
      this.#head(step, hidden),
      group.length > 1 ? this.#group(step, group) : null,
      el("p", { class: "sentence" }, hidden ? "What comes out is hidden until you answer." : replay.sentence(step)),
      this.#source(step),
      this.#rule(step),
      this.quiz.on ? this.#asked(step, hidden, said) : null,
      this.#goesIn(step),
      hidden ? null : this.#comesOut(step),
      hidden ? null : this.#check(step),
      step.number + 1 === replay.steps.length && replay.trace.stopped
        ? el("p", { class: "note" }, `Here it stops: ${replay.trace.stopped}`)
        : null,
    ]);
    if (hidden && document.activeElement?.closest("#graph") == null) $("answer").focus({ preventScroll: true });
    if (hidden || said) this.#showQuiz();
  }

  // Not by scrollIntoView, which would scroll the notebook around this page as well.
  #showQuiz() {
    const bottom = (element) => element.getBoundingClientRect().bottom;
    this.place.scrollTop += Math.max(0, bottom(this.place.querySelector(".quiz")) - bottom(this.place) + 8);
  }

  #put(children) {
    this.place.scrollTop = 0; // before the children change: after it, the browser would lay them out at once
    this.place.replaceChildren(...children.flat().filter(Boolean));
    for (const details of this.place.querySelectorAll("details")) {
      if (this.opened.has(nameOf(details))) details.open = true;
    }
  }

  // A table that was opened stays open from step to step.
  #remember({ target }) {
    if (target.matches("details")) this.opened[target.open ? "add" : "delete"](nameOf(target));
  }

  #head(step, hidden) {
    const { replay } = this;
    const result = hidden ? "?" : brief(replay.array(step.unbroadcast));
    return el("h2", { class: "line" },
      el("span", { class: "way" }, replay.name(step.node), " → ", replay.name(step.to)), " ",
      el("code", {}, `${replay.rule(step)} = ${result}`), " ",
      step.of > 1 ? el("span", { class: "share" }, `${step.k} of ${step.of}`) : null);
  }

  // The steps that are taken together, each to go to.
  #group(step, group) {
    const { replay } = this;
    const near = group.slice(Math.max(0, group.indexOf(step) - 5)).slice(0, 8);
    const items = near.map((s) =>
      el("li", {}, el("button", { "aria-current": s === step ? "step" : null, "data-step": s.number + 1 }, replay.name(s.to))));
    const list = el("ul", { class: "group", "aria-label": `${plural(group.length, "step")} taken together` }, items);
    if (near.length < group.length) list.append(el("li", {}, `of ${group.length}`));
    list.addEventListener("click", (event) => {
      const to = event.target.dataset.step;
      if (to) this.actions.go(Number(to));
    });
    return list;
  }

  #source(step) {
    const { nodes, files, modules } = this.replay.trace;
    const { src, module } = nodes[step.node];
    const inside = module === null ? "" : `in ${modules[module].path} (${modules[module].label.replace("->", "→")})`;
    if (src === null) return inside ? el("p", { class: "place" }, inside) : null;
    const { path, lines } = files[src.file];
    const caption = el("figcaption", { class: "place" }, el("b", {}, `${path}:${src.line}`), " ", inside);
    if (!Object.keys(lines).length) return el("figure", { class: "source" }, caption);
    const numbers = Object.keys(lines).map(Number).filter((n) => n >= src.line && n <= src.last_line);
    const indent = Math.min(...numbers.map((n) => lines[n].search(/\S|$/)));
    const code = el("code");
    for (const n of numbers) {
      const text = lines[n];
      const from = n === src.line ? src.column : indent;
      const to = n === src.last_line ? src.last_column : text.length;
      code.append(text.slice(indent, from), el("u", {}, text.slice(Math.max(indent, from), to)), text.slice(to));
      if (n !== src.last_line) code.append("\n");
    }
    return el("figure", { class: "source" }, caption, el("pre", {}, code));
  }

  #rule(step) {
    const { shown } = step;
    if (shown === null) {
      return section("Rule", el("p", {}, "This function has a backward of its own: code, which was run, and no formula."));
    }
    const words = (...said) => el("p", { class: "words" }, ...said);
    return section("Rule",
      el("p", { class: "math" }, math(shown.mathml, shown.text)),
      el("p", { class: "text" }, el("code", {}, shown.text)),
      shown.words ? words(shown.words) : null,
      Object.entries(shown.functions).map(([name, meaning]) => words(el("code", {}, name), `: ${meaning}.`)));
  }

  // G, and what else the rule reads.
  #goesIn(step) {
    const { replay } = this;
    const figures = [arrayFigure("G, arriving", replay.array(step.in), "arriving")];
    if (step.in === null) figures[0].replaceChildren(el("p", {}, "Each of its results has a gradient of its own."));
    const node = replay.node(step.node);
    const plain = [];
    for (const { name, shown, role } of step.shown?.symbols ?? []) {
      if (role === "operand") {
        const edge = replay.operands[node.id].find((e) => e.arg === name);
        const written = !Number.isNaN(Number(shown)); // a number, which the rule has in it
        if (edge && !written) figures.push(valueFigure(shown, replay.array(edge.value ?? replay.node(edge.from).value)));
      } else if (role === "result") figures.push(valueFigure(`${shown}, the result`, replay.array(node.value)));
      else if (role === "parameter" && name in node.attrs) plain.push(`${shown} = ${written(node.attrs[name])}`);
    }
    const rest = plain.length ? el("p", { class: "place" }, plain.join(", ")) : null;
    return section("What goes in", el("div", { class: "arrays" }, figures), rest);
  }

  #comesOut(step) {
    const { replay } = this;
    const [made, fitted] = [replay.array(step.contribution), replay.array(step.unbroadcast)];
    const place = this.quiz.on ? this.quiz.question(step).place : null;
    const stretched = replay.stretched(step);
    const out = [arrayFigure("contribution", made, "contribution", stretched ? null : place)];
    const reshaped = String(made.shape) !== String(fitted.shape); // a vector counts as a row or a column
    if (made !== fitted) {
      out.push(arrayFigure(stretched ? "summed to the shape" : reshaped ? "in its shape" : "in its dtype", fitted, "unbroadcast", place));
    }
    const to = replay.name(step.to);
    const copies = `Broadcasting had stretched ${to} to ${shapeText(made.shape)}, so what its copies get is added up.`;
    const sums = ["before", "after"].map((role) => arrayFigure(role, replay.array(step[role]), role));
    if (step.before === null) {
      sums[1].replaceChildren(sums[1].firstChild, el("p", { class: "none" }, "the same: it is the first"));
    }
    return [
      section("What comes out", el("div", { class: "arrays" }, out), stretched ? el("p", { class: "words" }, copies) : null),
      section(`Sum of ${to}`, el("div", { class: "arrays" }, sums)),
    ];
  }

  #check(step) {
    const { check } = step;
    if (check === null) return null;
    if (check.quotient === null) return section("Check", el("p", { class: "words" }, `Not checked: ${check.missing}.`));
    const entry = check.index.length ? `Entry ${indexText(check.index)}: ` : "";
    const row = (name, v) => el("div", {}, el("dt", {}, name), el("dd", {}, number(v, 6)));
    return section("Check",
      el("dl", { class: "facts check" }, row("rule", check.gradient), row("difference quotient", check.quotient)),
      el("p", { class: `words ${check.agrees ? "agrees" : "differs"}` }, `${entry}${check.agrees ? "they agree ✓" : "they differ ✗"}`));
  }

  #asked(step, hidden, said) {
    const { text } = this.quiz.question(step);
    const feedback = el("div", { class: "feedback" },
      said?.said ? el("p", {}, said.said) : null,
      said?.hint ? el("p", { class: "hint" }, el("b", {}, "Hint: "), said.hint) : null);
    const score = this.quiz.answers.size ? el("p", { class: "score" }, this.quiz.score) : null;
    const card = (...parts) => el("section", { class: "quiz", "aria-label": "Quiz" }, ...parts, score);
    if (!hidden) {
      const last = step.number + 1 === this.replay.steps.length;
      const next = el("button", { id: "next", class: "primary" }, last ? "From the start" : "Next step");
      next.addEventListener("click", () => (last ? this.actions.go(0) : this.actions.next()));
      return card(feedback, el("p", { class: "row" }, next));
    }
    const input = el("input", { id: "answer", type: "text", autocomplete: "off", spellcheck: "false", enterkeyhint: "done" });
    const check = el("button", { class: "primary" }, "Compare");
    const show = el("button", {}, "Show me");
    check.addEventListener("click", () => this.actions.answer(input.value));
    show.addEventListener("click", () => this.actions.giveUp());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // else the button that gets the focus is pressed too
      this.actions.answer(input.value);
    });
    return card(el("label", { for: "answer" }, text), el("p", { class: "row" }, input, check, show), feedback);
  }
}

// A parameter as Python writes it.
function written(value) {
  if (Array.isArray(value)) return `(${value.map(written).join(", ")}${value.length === 1 ? "," : ""})`;
  const words = new Map([[null, "None"], [true, "True"], [false, "False"]]);
  return words.get(value) ?? JSON.stringify(value);
}

const nameOf = (details) => details.closest("figure")?.dataset.role;

function section(title, ...children) {
  return el("section", {}, el("h3", {}, title), ...children);
}

// At most five sentences, for who has never seen this page.
function explanation() {
  return el("ol", { class: "explanation" }, [
    "The graph shows your program: every box is a tensor, with its value in blue above its name (of several numbers the norm: " +
      "the root of the sum of their squares), and arrows lead from operands to results.",
    "The gradient of a tensor, in orange at the bottom of its box, says how much the result of the program changes " +
      "when the tensor changes a little; backprop finds all gradients by walking the arrows backwards.",
    "Each step (the → key, or Step below) takes the gradient G that has arrived at one box, puts it through the derivative rule of that " +
      "operation, and adds what comes out to the sum of one operand; this panel shows the numbers.",
    "An empty circle means not computed yet, a half one that more contributions are to come, " +
      "a full one that the sum is complete; a dashed box needs no gradient.",
    "Press q, or Quiz above, to predict each number before you see it, and ? for all keys.",
  ].map((text) => el("li", {}, text)));
}
