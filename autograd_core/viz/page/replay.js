// The trace as it was written by Python, and what it says at any position of the backward pass.
// docs/trace.md describes it; a position is how many steps were taken.

// The first place in a sorted list whose entry is not below the value.
function bisect(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

class Replay {
  constructor(content) {
    Object.assign(this, content); // trace, rules, uses, starts, title, quiz, depth, notes
    const { nodes, edges, steps } = this.trace;
    this.steps = steps;
    this.into = nodes.map(() => []); // of each node the steps that add to its sum
    this.operands = nodes.map(() => []); // of each node its edges
    for (const edge of edges) this.operands[edge.to].push(edge);
    steps.forEach((step, number) => {
      step.number = number;
      step.edge = edges[step.edge];
      step.to = step.edge.from;
      step.shown = this.uses[number] === null ? null : this.rules[this.uses[number]];
      this.into[step.to].push(number);
    });
    for (const [key, array] of Object.entries(this.trace.arrays)) array.key = key;
    this.ends = {
      edge: steps.map((_, number) => number + 1),
      node: this.#ends((step) => step.node),
      module: this.#ends((step) => nodes[step.node].module),
    };
  }

  // The positions at which groups of steps end.
  #ends(key) {
    const { steps } = this;
    return steps.flatMap((s, i) => (i + 1 === steps.length || key(s) !== key(steps[i + 1]) ? [i + 1] : []));
  }

  // The next or previous position where a group ends.
  moved(position, by, granularity) {
    const ends = this.ends[granularity];
    if (by > 0) return ends[bisect(ends, position + 1)] ?? position;
    return ends[bisect(ends, position) - 1] ?? 0;
  }

  // The steps of the group that a position has just ended, or is in the middle of.
  group(position, granularity) {
    const ends = this.ends[granularity];
    const i = bisect(ends, position);
    return this.steps.slice(i ? ends[i - 1] : 0, ends[i]);
  }

  array(key) {
    return key === null || key === undefined ? null : this.trace.arrays[key];
  }

  node(id) {
    return this.trace.nodes[id];
  }

  name(id) {
    const node = this.node(id);
    return node.text ?? (node.kind === "input" ? `a constant (${id})` : `${node.op} (${id})`);
  }

  // The sum of a node at a position: the array, how many contributions are in it, and of how many.
  sum(id, position) {
    const into = this.into[id];
    const k = bisect(into, position);
    const array = k ? this.array(this.steps[into[k - 1]].after) : this.array(this.starts[id]);
    const needed = this.node(id).needs_grad && (into.length > 0 || id in this.starts);
    const state = !needed ? "outside" : k === into.length ? "whole" : k || array ? "part" : "none";
    return { array, k, of: into.length, state };
  }

  // Where the module of a node is, from the outermost in.
  chain(module) {
    const found = [];
    for (let m = module; m !== null && m !== undefined; m = this.trace.modules[m].parent) found.unshift(m);
    return found;
  }

  rule(step) {
    if (step.shown === null) return "its own backward";
    return this.stretched(step) ? `sum of ${step.shown.text}` : step.shown.text;
  }

  // Whether broadcasting had stretched the operand, so that what its copies get is summed.
  stretched(step) {
    return this.array(step.contribution).stats.size !== this.array(step.unbroadcast).stats.size;
  }

  // What happens in a step, in one line.
  line(step) {
    const share = step.of > 1 ? `, ${step.k} of ${step.of}` : "";
    return `${this.name(step.node)} → ${this.name(step.to)}: ${this.rule(step)} = ${brief(this.array(step.unbroadcast))}${share}`;
  }

  // The same in a sentence.
  sentence(step) {
    const [from, to] = [this.name(step.node), this.name(step.to)];
    const gets = `${to} gets ${brief(this.array(step.unbroadcast))} from ${from}.`;
    if (step.of === 1) return `${gets} It is used once, so this is its whole gradient.`;
    if (step.k === 1) return `${gets} It is used ${step.of} times, and this is the first of ${step.of} contributions.`;
    const sums = `the sum goes from ${brief(this.array(step.before))} to ${brief(this.array(step.after))}`;
    const left = step.of - step.k;
    const then = left ? `and ${left} to come` : "and is complete";
    return `${gets} This is contribution ${step.k} of ${step.of}: ${sums}, ${then}.`;
  }
}
