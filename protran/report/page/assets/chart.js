// The frame that all charts share: as wide as its place, with grid, ticks and titles.

import { axisTitle, ticksOf } from "./axes.js";
import { html, prose, svg } from "./elements.js";

const MARGIN = { top: 14, right: 16, bottom: 46, left: 58 };

// Returns an SVG of two axes, the functions from values to places, and the group to draw into.
export function chart({ width, height, x, y, label, xWanted, yWanted = 5, margin = MARGIN }) {
  const inner = { width: Math.max(40, width - margin.left - margin.right), height: height - margin.top - margin.bottom };
  const place = { x: (value) => x.share(value) * inner.width, y: (value) => (1 - y.share(value)) * inner.height };
  const plot = svg("g", { transform: `translate(${margin.left},${margin.top})` });
  for (const [share, text] of ticksOf(x, xWanted || Math.max(3, Math.round(inner.width / 90)))) {
    const at = share * inner.width;
    plot.append(svg("line", { class: "grid", x1: at, x2: at, y1: 0, y2: inner.height }));
    plot.append(svg("text", { class: "tick", x: at, y: inner.height + 17, "text-anchor": "middle" }, text));
  }
  for (const [share, text] of ticksOf(y, yWanted)) {
    const at = (1 - share) * inner.height;
    plot.append(svg("line", { class: "grid", x1: 0, x2: inner.width, y1: at, y2: at }));
    plot.append(svg("text", { class: "tick", x: -8, y: at + 4, "text-anchor": "end" }, text));
  }
  plot.append(svg("line", { class: "base", x1: 0, x2: inner.width, y1: inner.height, y2: inner.height }));
  plot.append(svg("text", { class: "axis", x: inner.width / 2, y: inner.height + 38, "text-anchor": "middle" }, axisTitle(x)));
  plot.append(svg("text", {
    class: "axis", transform: `translate(${14 - margin.left},${inner.height / 2}) rotate(-90)`, "text-anchor": "middle",
  }, axisTitle(y)));
  const picture = svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label }, plot);
  return { picture, plot, place, inner, margin };
}

// A path of little circles: thousands of points in one element.
export function dots(places, radius) {
  const circle = `a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
  return places.map(([x, y]) => `M${(x - radius).toFixed(1)} ${y.toFixed(1)}${circle}`).join("");
}

// A path through these places.
export function polyline(places) {
  return places.map(([x, y], step) => `${step ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// A row of shapes and what they mean.
export function legend(entries) {
  return html("ul", { class: "legend" }, entries.map(([kind, text]) => html("li", {},
    svg("svg", { width: 22, height: 14, viewBox: "0 0 22 14", "aria-hidden": "true" }, kind), text)));
}

const SHAPES = {
  verified: "M0 -6.2L6.2 0L0 6.2L-6.2 0Z",
  seed: "M-4.8 0a4.8 4.8 0 1 0 9.6 0a4.8 4.8 0 1 0 -9.6 0",
  learn: "M0 5.6L5.8 -4.4L-5.8 -4.4Z",
  search: "M0 -5.6L5.8 4.4L-5.8 4.4Z",
};

export function shapeOf(origin) {
  return SHAPES[origin] || SHAPES.verified;
}

export function emptyNote(sentence) {
  return html("p", { class: "empty" }, prose(sentence));
}
