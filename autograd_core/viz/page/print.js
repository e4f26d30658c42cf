// On paper: the graph, the current step, and a table of all steps, in light colours.

class Paper {
  constructor(page) {
    this.page = page;
  }

  lay() {
    const { picture, replay, quiz, position } = this.page;
    const { camera } = picture;
    const root = document.documentElement;
    this.before = { theme: root.dataset.theme, seen: [camera.x, camera.y, camera.scale] };
    root.dataset.theme = "light";
    this.page.go(position);
    const [, , width, height] = picture.whole;
    picture.frame.setAttribute("viewBox", `-4 -16 ${width + 8} ${height + 20}`);
    camera.stop();
    camera.set(0, 0, 1);
    const head = ["", "from", "to", "rule", "contribution", "sum", ""].map((text) => el("th", { scope: "col" }, text));
    const rows = replay.steps.map((step) => {
      const numbers = quiz.hides(step) ? ["?", "?"] : [step.unbroadcast, step.after].map((key) => brief(replay.array(key)));
      const share = step.of > 1 ? `${step.k} of ${step.of}` : "";
      const cells = [replay.name(step.node), replay.name(step.to), replay.rule(step), ...numbers, share];
      return el("tr", {}, el("th", { scope: "row" }, String(step.number + 1)), cells.map((text) => el("td", {}, text)));
    });
    const table = el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
    $("printed").replaceChildren(el("h2", {}, "All steps"), table);
  }

  clear() {
    const { picture, position } = this.page;
    const { theme, seen } = this.before;
    if (theme === undefined) delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    picture.frame.removeAttribute("viewBox");
    $("printed").replaceChildren();
    this.page.go(position);
    picture.camera.stop();
    picture.camera.set(...seen);
  }
}
