// Elements of HTML and SVG. Text reaches the page as text nodes alone, so no name in a campaign can become markup.

const SVG = "http://www.w3.org/2000/svg";

// Characters that do something instead of showing something, above all those that turn the direction of what follows.
const ACTING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

// Text in which such characters stand as escapes.
export function visible(text) {
  return text.replace(ACTING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(3)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : document.createTextNode(visible(String(child))));
  }
  return node;
}

// An HTML element: its attributes, `on` for listeners, and its children, strings among them.
export function html(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same of SVG.
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

// Replaces what a container holds; whoever had the focus keeps it, found again by its data-focus.
export function replaceIn(container, ...children) {
  const active = document.activeElement;
  const kept = active && container.contains(active) ? active.getAttribute("data-focus") : null;
  container.replaceChildren(...children.flat(3).filter((child) => child));
  if (kept === null) return;
  const again = [...container.querySelectorAll("[data-focus]")].find((node) => node.getAttribute("data-focus") === kept);
  if (again) again.focus({ preventScroll: true });
}

// Says a sentence to whoever cannot see that something changed.
export function tell(sentence) {
  const told = document.getElementById("told");
  if (told.textContent !== sentence) told.textContent = sentence;
}

// A name or reason at a length that a page can bear.
export function shortened(text, most = 80) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

// A sentence whose words between backticks are code.
export function prose(sentence) {
  return String(sentence).split("`").map((part, place) => (place % 2 ? html("code", {}, part) : part));
}

// A table inside a region of its own that scrolls sideways where it must.
export function scrolling(label, table) {
  return html("div", { class: "scrolling", role: "region", "aria-label": label, tabindex: 0 }, table);
}

// A table from words: heads, and rows of cells (text or nodes).
export function plainTable(label, heads, rows) {
  const head = html("tr", {}, heads.map((text) => html("th", { scope: "col" }, text)));
  const body = rows.map((cells) => html("tr", {}, cells.map((cell, place) => place === 0
    ? html("th", { scope: "row" }, cell) : html("td", { class: (cell instanceof Node ? cell.textContent : String(cell)).length > 24 ? "words" : null }, cell))));
  return scrolling(label, html("table", {}, html("thead", {}, head), html("tbody", {}, body)));
}

// Runs a function once before the next picture is shown, however often it was asked for.
export function oncePerFrame(work) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      work();
    });
  };
}
