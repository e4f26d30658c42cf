// The record as Python wrote it, by losses, rows and frames; docs/record.md describes it.

const known = (v) => v !== null && v !== undefined;
const hypot = (values) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

// What is shown: the frames of one loss, and rows that are layers or parameters.
class View {
  constructor(content) {
    Object.assign(this, content); // title, record, limits
    this.losses = [...new Set(this.record.frames.map((f) => f.of))];
    this.choose(this.losses[0], "layer");
  }

  choose(of, by) {
    Object.assign(this, { of, by });
    this.frames = this.record.frames.filter((f) => f.of === of);
    const groups = new Map();
    this.record.parameters.forEach((p, i) => {
      if (!this.frames.some((f) => known(f.gradient[i]))) return;
      const name = by === "layer" ? p.layer : p.name;
      if (!groups.has(name)) groups.set(name, { name, label: p.label, members: [], shapes: [], size: 0 });
      const row = groups.get(name);
      row.members.push(i);
      row.shapes.push(`${p.name} ${shapeText(p.shape)}`);
      row.size += p.shape.reduce((product, n) => product * n, 1);
    });
    this.rows = [...groups.values()];
    this.readings = this.frames.map((frame) => this.rows.map((row) => this.#reading(frame, row)));
  }

  #reading(frame, row) {
    const members = row.members.filter((i) => known(frame.gradient[i]));
    if (!members.length) return null;
    const all = (key) => members.map((i) => exact(frame[key][i]));
    const update = members.every((i) => known(frame.update[i])) ? hypot(all("update")) : null;
    const weight = hypot(all("weight"));
    return {
      gradient: hypot(all("gradient")),
      accumulated: hypot(all("accumulated")),
      weight,
      update,
      ratio: update === null || weight === 0 ? null : update / weight,
      zeros: all("zeros").reduce((sum, n) => sum + n, 0) / row.size,
      nonfinite: all("nonfinite").reduce((sum, n) => sum + n, 0),
    };
  }

  values(key) {
    return this.readings.map((frame) => frame.map((reading) => (reading === null ? null : reading[key])));
  }

  // The frame of a step, or the last one before it.
  frameAt(step) {
    return Math.max(0, this.frames.findLastIndex((f) => f.step <= step));
  }
}

const rowTitle = (row) => (row.label ? `${row.name} (${row.label})` : row.name);
