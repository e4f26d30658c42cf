// Find a tensor by its name, operation, module or expression: to look at it, or to go to the step that completes it.

const MOST = 50; // that are listed

class Finder {
  constructor(replay, chosen) {
    Object.assign(this, { replay, chosen, dialog: $("find"), input: $("find-text"), list: $("find-list") });
    this.words = replay.trace.nodes.map((n) => {
      const module = n.module === null ? "" : replay.trace.modules[n.module].path;
      return `${replay.name(n.id)} ${n.op} ${module} ${n.src?.expression ?? ""}`.toLowerCase();
    });
    this.input.addEventListener("input", () => this.#fill());
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("click", (event) => this.#take(event.target.closest("[role=option]")));
  }

  open(going) {
    this.going = going;
    $("find-title").textContent = going ? "Go to the step that completes a gradient" : "Find a tensor";
    this.input.value = "";
    this.dialog.showModal();
    this.input.focus();
    this.#fill();
  }

  #fill() {
    const { replay } = this;
    const wanted = this.input.value.trim().toLowerCase();
    const offered = (n) => (!this.going || replay.into[n.id].length) && this.words[n.id].includes(wanted);
    const rank = (n) => {
      const name = replay.name(n.id).toLowerCase();
      return name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2;
    };
    const among = replay.trace.nodes.filter(offered).sort((a, b) => rank(a) - rank(b));
    const options = among.slice(0, MOST).map((n) => {
      const module = n.module === null ? "" : ` in ${replay.trace.modules[n.module].path}`;
      const about = `${n.kind === "operation" ? n.op : n.kind}${n.shape ? ` ${shapeText(n.shape)}` : ""}${module}`;
      const option = { role: "option", id: `option-${n.id}`, "data-node": n.id };
      return el("li", option, el("b", {}, replay.name(n.id)), " ", el("span", {}, about));
    });
    this.list.replaceChildren(...options);
    $("find-said").textContent = among.length > MOST ? `${MOST} of ${among.length} are listed` : plural(among.length, "tensor");
    this.#choose(0);
  }

  #choose(i) {
    const options = [...this.list.children];
    this.at = between(0, i, options.length - 1);
    options.forEach((option, n) => option.setAttribute("aria-selected", String(n === this.at)));
    if (options[this.at]) {
      this.input.setAttribute("aria-activedescendant", options[this.at].id);
      options[this.at].scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    event.stopPropagation();
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) this.#choose(this.at + by);
    else if (event.key === "Enter" && event.target === this.input) this.#take(this.list.children[this.at]);
    else return;
    event.preventDefault();
  }

  #take(option) {
    if (!option) return;
    this.dialog.close();
    this.chosen(Number(option.dataset.node), this.going);
  }
}
