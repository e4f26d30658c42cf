// What looks ill: each leads to the step at which it begins.

function flagList(flags, jump) {
  if (!flags.length) return el("p", { class: "well" }, el("span", { "aria-hidden": "true" }, "✓ "), "Nothing looks ill in the recorded steps.");
  return el("ul", {}, flags.map((flag) => {
    const steps = flag.step === flag.last ? `step ${flag.step.toLocaleString("en")}` : `steps ${flag.step.toLocaleString("en")} to ${flag.last.toLocaleString("en")}`;
    const button = el("button", { type: "button", "aria-label": `${flag.kind}: go to step ${flag.step}` }, el("span", { "aria-hidden": "true" }, "⚑ "), flag.kind, el("small", {}, steps));
    button.addEventListener("click", () => jump(flag));
    return el("li", {}, button, el("p", {}, flag.means), el("p", { class: "cure" }, flag.cure));
  }));
}
