// Predict, then see: the contribution of a step is hidden until it is answered or given up.

class Quiz {
  constructor(replay) {
    Object.assign(this, { replay, on: replay.quiz, answers: new Map(), tries: new Map() });
  }

  hides(step) {
    return this.on && step !== undefined && !this.answers.has(step.number);
  }

  // Of arrays that are here in full one entry is asked for, of others the shape.
  question(step) {
    const a = this.replay.array(step.unbroadcast);
    const { index, hint } = this.replay.questions[step.number];
    const [from, to] = [this.replay.name(step.node), this.replay.name(step.to)];
    if (a.pooled !== null || !a.data.length) {
      const text = `${from} → ${to}: which shape has the contribution? For example 3×4.`;
      return { text, hint: `A gradient has the shape of its tensor: ${to}.`, place: null, shape: a.shape };
    }
    const summed = this.replay.stretched(step) ? `, summed to the shape of ${to}` : "";
    const place = a.shape.reduce((before, n, i) => before * n + index[i], 0);
    const which = a.stats.size === 1 ? "is the contribution" : `is entry ${indexText(index)} of the contribution`;
    return { text: `${from} → ${to}: which number ${which}${summed}?`, hint, place, value: a.data[place], array: a };
  }

  // Compare, and say what to tell the reader.
  answer(step, given) {
    const asked = this.question(step);
    const read = asked.shape ? numbersIn(given) : parsed(given);
    if (read === null || read.length === 0) {
      return { right: false, said: asked.shape ? "Type a shape, such as 3×4." : "Type a number, such as −0.25." };
    }
    const right = asked.shape ? String(read) === String(asked.shape) : this.#near(read, asked);
    const tries = this.tries.get(step.number) ?? 0;
    if (right) {
      this.answers.set(step.number, tries === 0 ? "right" : "hinted");
      return { right, said: `Right: it is ${this.#shown(asked)}.${tries ? " That took more than one try." : ""}` };
    }
    this.tries.set(step.number, tries + 1);
    return { right, said: `Not ${given.trim()}.`, hint: asked.hint };
  }

  giveUp(step) {
    this.answers.set(step.number, "shown");
    return `It is ${this.#shown(this.question(step))}.`;
  }

  get score() {
    const all = [...this.answers.values()];
    const count = (kind) => all.filter((a) => a === kind).length;
    const hinted = count("hinted");
    return `${count("right")} right of ${all.length}${hinted ? `, ${hinted} more after a hint` : ""}`;
  }

  #shown(asked) {
    return asked.shape ? shapeText(asked.shape) : number(asked.value, 6);
  }

  #near(read, { value, array }) {
    const v = exact(value);
    if (!Number.isFinite(v)) return Object.is(read, v);
    const most = Math.max(...array.data.map((d) => Math.abs(exact(d))).filter(Number.isFinite));
    return Math.abs(read - v) <= this.replay.tolerance * (Math.abs(v) + most / 10);
  }
}

// A number as people write one, 1/3 among them; null for anything else.
function parsed(text) {
  const parts = text.trim().replaceAll("−", "-").replace(",", ".").split("/");
  const words = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  if (parts.length === 1 && parts[0].toLowerCase() in words) return words[parts[0].toLowerCase()];
  if (parts.length > 2 || parts.some((part) => part.trim() === "" || Number.isNaN(Number(part)))) return null;
  return parts.length === 2 ? Number(parts[0]) / Number(parts[1]) : Number(parts[0]);
}

const numbersIn = (text) => (text.match(/\d+/g) ?? []).map(Number);
