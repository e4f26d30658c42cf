// The results of the activation functions at one step.

function activationsTable(frame) {
  const rows = Object.entries(frame.activations).map(([name, a]) =>
    el("tr", {}, el("th", { scope: "row" }, name), [number(a.mean, 3), number(a.std, 3), percent(a.zeros), percent(a.silent), known(a.saturated) ? percent(a.saturated) : "–"].map((text) => el("td", {}, text))),
  );
  const head = ["activation", "mean", "std", "zeros", "silent units", "saturated"].map((text) => el("th", { scope: "col" }, text));
  return el("table", { class: "plain" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows));
}
