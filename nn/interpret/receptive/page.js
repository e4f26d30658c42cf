const { block, layers } = await unpacked();
const map = document.getElementById("map"), svg = map.querySelector("svg");
const place = svg.querySelector(".place"), mapImage = svg.querySelector("image");
const field = document.querySelector(".field"), lights = [...document.querySelectorAll(".light")];
const buttons = [...document.querySelectorAll("button")], said = document.getElementById("said");
for (const layer of layers) {
  layer.starts = [];
  let start = 0;
  for (let n = 0; n < layer.boxes.length; n += 4) {
    const [top, left, bottom, right] = layer.boxes.slice(n, n + 4);
    layer.starts.push(start);
    start += (Math.ceil(bottom / block) - Math.floor(top / block)) * (Math.ceil(right / block) - Math.floor(left / block));
  }
}
let layer = layers.at(-1), row = layer.shape[0] >> 1, column = layer.shape[1] >> 1;

function set(element, values) {
  for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
}

function show() {
  const number = row * layer.shape[1] + column;
  const [top, left, bottom, right] = layer.boxes.slice(4 * number, 4 * number + 4);
  const x = Math.floor(left / block), y = Math.floor(top / block), width = Math.ceil(right / block) - x;
  const paths = lights.map(() => "");
  for (let n = 0, end = width * (Math.ceil(bottom / block) - y); n < end; n++) {
    const level = +layer.levels[layer.starts[number] + n];
    if (level) paths[level - 1] += "M" + (x + n % width) + " " + (y + Math.floor(n / width) + 0.5) + "h1";
  }
  lights.forEach((path, i) => path.setAttribute("d", paths[i]));
  set(field, { x: left / block, y: top / block, width: (right - left) / block, height: (bottom - top) / block });
  set(place, { x: column, y: row });
  said.textContent = layer.path + ", row " + row + ", column " + column + ": " + (bottom === top ? "no pixel reaches it"
    : (bottom - top) + " x " + (right - left) + " pixels reach it, rows " + top + " to " + (bottom - 1)
      + ", columns " + left + " to " + (right - 1));
}

function go(toRow, toColumn) {
  row = Math.min(Math.max(toRow, 0), layer.shape[0] - 1);
  column = Math.min(Math.max(toColumn, 0), layer.shape[1] - 1);
  show();
}

map.addEventListener("pointermove", (event) => {
  const box = svg.getBoundingClientRect(), [h, w] = layer.shape;
  go(Math.floor((event.clientY - box.top) / box.height * h), Math.floor((event.clientX - box.left) / box.width * w));
});
map.addEventListener("pointerdown", () => map.focus());
map.addEventListener("keydown", (event) => {
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  if (event.key in moves) go(row + moves[event.key][0], column + moves[event.key][1]);
  else if (event.key === "Home") go(0, 0);
  else if (event.key === "End") go(...layer.shape);
  else return;
  event.preventDefault();
});
buttons.forEach((button, i) => button.addEventListener("click", () => {
  const [h, w] = layer.shape;
  layer = layers[i];
  buttons.forEach((other) => other.setAttribute("aria-pressed", other === button));
  set(svg, { viewBox: "0 0 " + layer.shape[1] + " " + layer.shape[0] });
  set(mapImage, { width: layer.shape[1], height: layer.shape[0], href: layer.map });
  go(Math.floor((row + 0.5) / h * layer.shape[0]), Math.floor((column + 0.5) / w * layer.shape[1]));
}));
document.getElementById("how").hidden = false;
