// What part of the drawing is seen: moved by wheel, fingers and buttons, and by the steps.

const SCALE = { least: 0.05, small: 0.5, whole: 0.65, readable: 0.85, most: 3 };
const MARGIN = 32;
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Camera {
  constructor(frame, world) {
    Object.assign(this, { frame, world, x: 0, y: 0, scale: 1, seen: null });
    this.pointers = new Map();
    new ResizeObserver(() => (this.seen = null)).observe(frame);
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.#down(event));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      frame.addEventListener(end, (event) => this.pointers.delete(event.pointerId));
    }
  }

  // Kept until it changes: to ask for it makes the browser lay out the page.
  get size() {
    this.seen ??= [this.frame.clientWidth, this.frame.clientHeight];
    return this.seen;
  }

  set(x, y, scale) {
    Object.assign(this, { x, y, scale });
    this.world.setAttribute("transform", `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(4)})`);
  }

  stop() {
    cancelAnimationFrame(this.frames);
  }

  // Go there, in a few frames where motion is wanted.
  go(x, y, scale) {
    this.stop();
    if (still.matches) return this.set(x, y, scale);
    const from = [this.x, this.y, this.scale];
    const started = performance.now();
    const move = (now) => {
      const t = between(0, (now - started) / 160, 1);
      const eased = 1 - (1 - t) ** 3;
      this.set(...[x, y, scale].map((to, i) => from[i] + (to - from[i]) * eased));
      if (t < 1) this.frames = requestAnimationFrame(move);
    };
    this.frames = requestAnimationFrame(move);
  }

  #centred([x, y, w, h], scale) {
    const [width, height] = this.size;
    return [width / 2 - (x + w / 2) * scale, height / 2 - (y + h / 2) * scale, scale];
  }

  #fitting([, , w, h]) {
    const [width, height] = this.size;
    return Math.min((width - MARGIN) / Math.max(w, 1), (height - MARGIN) / Math.max(h, 1));
  }

  fit(rectangle) {
    this.go(...this.#centred(rectangle, between(SCALE.least, this.#fitting(rectangle), 1.25)));
  }

  // Show a rectangle if it is not seen: at this scale where it fits, else at one where text can still be read.
  // Of one that is too large for that, a part is shown.
  include(rectangle, part = rectangle) {
    if (part !== rectangle && this.#fitting(rectangle) < SCALE.small) rectangle = part;
    const [x, y, w, h] = rectangle;
    const [width, height] = this.size;
    const [left, top] = [x * this.scale + this.x, y * this.scale + this.y];
    const seen = left >= 8 && top >= 8 && left + w * this.scale <= width - 8 && top + h * this.scale <= height - 8;
    if (seen && this.scale >= SCALE.small) return;
    const scale = Math.max(this.scale, SCALE.readable);
    this.go(...this.#centred(rectangle, Math.min(scale, Math.max(this.#fitting(rectangle), SCALE.small))));
  }

  // Zoom so that a point of the frame stays where it is.
  zoom(by, [px, py] = this.size.map((n) => n / 2)) {
    this.stop();
    const scale = between(SCALE.least, this.scale * by, SCALE.most);
    const k = scale / this.scale;
    this.set(px - (px - this.x) * k, py - (py - this.y) * k, scale);
  }

  pan(dx, dy) {
    this.stop();
    this.set(this.x + dx, this.y + dy, this.scale);
  }

  #place(event) {
    const at = this.frame.getBoundingClientRect();
    return [event.clientX - at.left, event.clientY - at.top];
  }

  #wheel(event) {
    if (window !== parent && !event.ctrlKey) return; // in a notebook the wheel scrolls the notebook
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) this.pan(-(event.deltaX || event.deltaY) * unit, 0);
    else this.zoom(Math.exp(-event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0015)), this.#place(event));
  }

  #down(event) {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, this.#place(event));
    this.moved = 0;
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = this.#place(event);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) this.pan(now[0] - before[0], now[1] - before[1]);
    else {
      const apart = (p) => Math.max(10, Math.hypot(p[0] - other[0], p[1] - other[1]));
      this.zoom(apart(now) / apart(before), other);
    }
    this.moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
    if (this.moved > 4 && !this.frame.hasPointerCapture(event.pointerId)) this.frame.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, now);
  }
}
