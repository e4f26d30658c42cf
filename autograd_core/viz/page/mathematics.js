// Rules come as MathML.  It is read as XML and built again from known elements, so that nothing else can come in.

const MATH = "http://www.w3.org/1998/Math/MathML";
const KNOWN = new Set("math mrow mi mn mo mtext mspace mfrac msup msub msubsup msqrt mtable mtr mtd".split(" "));
const KEPT = new Set(["displaystyle", "form", "width"]);
const STYLED = '<mtd style="text-align: left">'; // the page's policy forbids styles in attributes, its own style says the same

function math(text, label) {
  const read = new DOMParser().parseFromString(text.replaceAll(STYLED, "<mtd>"), "application/xml");
  const made = read.querySelector("parsererror") ? null : rebuilt(read.documentElement);
  if (made === null) return el("code", {}, label);
  made.setAttribute("aria-label", label);
  return made;
}

function rebuilt(node) {
  if (node.nodeType === Node.TEXT_NODE) return document.createTextNode(node.data);
  if (node.nodeType !== Node.ELEMENT_NODE || !KNOWN.has(node.localName)) return null;
  const made = document.createElementNS(MATH, node.localName);
  for (const { name, value } of node.attributes) if (KEPT.has(name)) made.setAttribute(name, value);
  made.append(...[...node.childNodes].map(rebuilt).filter((child) => child !== null));
  return made;
}
