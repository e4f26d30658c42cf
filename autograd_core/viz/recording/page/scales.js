// From numbers to places and colours.

// Dark to bright, each equally far from the next in lightness; they can be told apart without hue.
const RAMP = [[42, 20, 92], [52, 82, 155], [32, 144, 140], [110, 200, 90], [250, 230, 60]];
// Too little in blue, as it should be in grey, too much in orange; one stop for each power of ten from 1e-7 to 1.
const TWO_SIDED = [[8, 48, 120], [33, 102, 180], [120, 170, 215], [196, 205, 210], [205, 205, 200], [226, 196, 160], [225, 120, 40], [150, 45, 5]];

function mixed(ramp, t) {
  const at = between(0, t, 1) * (ramp.length - 1);
  const i = Math.min(Math.floor(at), ramp.length - 2);
  return `rgb(${ramp[i].map((c, k) => Math.round(c + (ramp[i + 1][k] - c) * (at - i))).join(" ")})`;
}

// The range of positive numbers in whole powers of ten, and where in it a number is, from 0 to 1.
class LogScale {
  constructor(values, least = null, most = null) {
    const logs = values.filter((v) => known(v) && v > 0 && Number.isFinite(v)).map(Math.log10);
    this.low = least === null ? Math.floor(Math.min(...logs, Infinity)) : Math.log10(least);
    this.high = most === null ? Math.ceil(Math.max(...logs, -Infinity)) : Math.log10(most);
    if (!Number.isFinite(this.low) || !Number.isFinite(this.high)) [this.low, this.high] = [-1, 0];
    if (this.low === this.high) this.high += 1;
  }

  at(v) {
    return v > 0 ? between(0, (Math.log10(v) - this.low) / (this.high - this.low), 1) : 0;
  }

  // Powers of ten to write down, at most so many.
  ticks(most) {
    const every = Math.max(1, Math.ceil((this.high - this.low) / most));
    const found = [];
    for (let k = Math.ceil(this.low); k <= this.high; k += every) found.push(k);
    return found;
  }
}

const power = (k) => (k >= -2 && k <= 3 ? String(Number(`1e${k}`)) : `1e${signed(String(k))}`);

// Round numbers between two numbers, at most so many.
function roundTicks(low, high, most) {
  const rough = (high - low) / most;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= rough);
  const found = [];
  for (let v = Math.ceil(low / step) * step; v <= high + step * 1e-6; v += step) found.push(Number(v.toPrecision(6)));
  return found;
}

// How frames are laid out from left to right in a width: each has as much, and labels stand where there is room.
class TimeScale {
  constructor(frames, left, width) {
    Object.assign(this, { frames, left, width, each: width / Math.max(frames.length, 1) });
  }

  middle(i) {
    return this.left + (i + 0.5) * this.each;
  }

  frame(x) {
    return between(0, Math.floor((x - this.left) / this.each), this.frames.length - 1);
  }

  labels() {
    const room = Math.max(2, Math.floor(this.width / 64));
    const n = this.frames.length;
    if (n <= room) return this.frames.map((_, i) => i);
    const every = Math.ceil((n - 1) / (room - 1));
    const found = [];
    for (let i = 0; i < n; i += every) found.push(i);
    return found;
  }
}

// The axis under a chart: the steps of some frames.
function timeAxis(time, y) {
  return svg("g", { class: "axis" }, time.labels().flatMap((i) => {
    const x = time.middle(i);
    return [svg("path", { d: `M${x} ${y}v4` }), svg("text", { x, y: y + 16, "text-anchor": "middle" }, time.frames[i].step.toLocaleString("en"))];
  }));
}
