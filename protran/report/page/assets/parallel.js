// Parallel coordinates: one axis for each value, one line for each candidate; a brush on an axis keeps a range.

import { axisOver, ticksOf } from "./axes.js";
import { emptyNote, polyline } from "./chart.js";
import { html, oncePerFrame, replaceIn, svg } from "./elements.js";
import { quantityText, significant, symbolText } from "./numbers.js";
import { choose } from "./scatter.js";

const NARROW = 620;
const MOST_AXES = 10;
const MOST_FAINT = 1500;
const STEP = 0.02;

export function parallelSection(model) {
  const place = html("div", { class: "picture" });
  const said = html("p", { class: "hint" });
  const draw = () => drawParallel(model, place, said);
  const soon = oncePerFrame(draw);
  model.onChange((what) => what !== "axes" && soon());
  new ResizeObserver(soon).observe(place);
  return html("div", {}, html("p", { class: "hint" }, "Drag along an axis, or move its two handles with the arrow keys, to keep a range; Escape frees it."), place, said,
    html("button", { type: "button", class: "quiet", on: { click: () => { model.brushes.clear(); model.changed("brush"); } } }, "Clear ranges"));
}

// Places along an axis (share) and across (which axis): upright on wide screens, lying on narrow ones.
function layoutFor(width, axes) {
  const lying = width < NARROW;
  if (lying) {
    const [left, right, row] = [14, 14, 58];
    const length = width - left - right;
    return {
      lying, length, width, height: axes.length * row + 10,
      point: (share, number) => [left + share * length, number * row + 34],
      share: (x) => (x - left) / length,
    };
  }
  const [top, bottom, side] = [46, 26, 70];
  const height = 340;
  const length = height - top - bottom;
  const gap = axes.length > 1 ? (width - 2 * side) / (axes.length - 1) : 0;
  return {
    lying, length, width, height,
    point: (share, number) => [side + number * gap, top + (1 - share) * length],
    share: (x, y) => 1 - (y - top) / length,
  };
}

function drawParallel(model, place, said) {
  const columns = model.selectable.filter((column) => column.known > 0).slice(0, MOST_AXES);
  if (columns.length < 2) return replaceIn(place, emptyNote(model.content.missing.views || "Two values are needed for coordinates."));
  const axes = columns.map((column) => axisOver(column.values, { log: column.unit === "fraction" ? false : undefined, factor: column.scale.factor, symbol: column.scale.symbol, label: column.label, pad: 0.03 }));
  const layout = layoutFor(Math.max(280, place.clientWidth), axes);
  const picture = svg("svg", { class: "chart parallel", width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}`, role: "group", "aria-label": "Parallel coordinates" });
  const way = (m) => polyline(columns.map((column, number) => (column.values[m] === null ? null : layout.point(axes[number].share(column.values[m]), number))).filter(Boolean));
  const groups = { hidden: [], faint: [], front: [] };
  model.status.forEach((status, m) => groups[!model.brushed(m) ? "hidden" : status === "front" ? "front" : "faint"].push(m));
  const thinned = [];
  for (const name of ["hidden", "faint"]) {
    const every = Math.ceil(groups[name].length / MOST_FAINT) || 1;
    const drawn = groups[name].filter((_, step) => step % every === 0);
    if (drawn.length < groups[name].length) thinned.push(`${drawn.length} of ${groups[name].length}`);
    picture.append(svg("path", { class: `thread ${name}${drawn.length > 300 ? " many" : ""}`, d: drawn.map(way).join("") }));
  }
  for (const m of groups.front) picture.append(thread(model, m, way(m)));
  columns.forEach((column, number) => drawAxis(model, picture, layout, axes[number], column, number));
  said.replaceChildren(thinned.length ? `Of the candidates off the front ${thinned.join(" and ")} lines are drawn.` : "");
  return replaceIn(place, picture);
}

function thread(model, m, d) {
  const candidate = model.candidate(m);
  const chosen = model.chosen.includes(candidate.key);
  return svg("path", { class: `thread front${chosen ? " chosen" : ""}`, d, on: { click: () => choose(model, candidate) } }, svg("title", {}, `${candidate.key.slice(0, 8)} ${candidate.line}`));
}

function drawAxis(model, picture, layout, axis, column, number) {
  const [from, to] = [layout.point(0, number), layout.point(1, number)];
  picture.append(svg("line", { class: "rail", x1: from[0], y1: from[1], x2: to[0], y2: to[1] }));
  const unit = column.scale.symbol ? ` [${symbolText(column.scale.symbol)}]` : "";
  const anchor = layout.lying ? { x: from[0], y: from[1] - 16, "text-anchor": "start" } : { x: to[0], y: to[1] - (number % 2 ? 30 : 14), "text-anchor": "middle" };
  picture.append(svg("text", { class: "axis", ...anchor }, column.label + unit));
  for (const [share, text] of ticksOf(axis, layout.lying ? 4 : 5)) {
    const [x, y] = layout.point(share, number);
    picture.append(layout.lying ? svg("text", { class: "tick small", x, y: y + 15, "text-anchor": share > 0.95 ? "end" : share < 0.05 ? "start" : "middle" }, text)
      : svg("text", { class: "tick small", x: x - 6, y: y + 3.5, "text-anchor": "end" }, text));
  }
  drawBrush(model, picture, layout, axis, column, number);
}

function drawBrush(model, picture, layout, axis, column, number) {
  const kept = model.brushes.get(column.name) || [axis.value(0), axis.value(1)];
  const shares = kept.map((value) => Math.min(1, Math.max(0, axis.share(value))));
  const [a, b] = shares.map((share) => layout.point(share, number));
  if (model.brushes.has(column.name)) {
    picture.append(layout.lying ? svg("rect", { class: "brush", x: a[0], y: a[1] - 8, width: b[0] - a[0], height: 16 })
      : svg("rect", { class: "brush", x: a[0] - 8, y: b[1], width: 16, height: a[1] - b[1] }));
  }
  const [from, to] = [layout.point(0, number), layout.point(1, number)];
  const area = layout.lying ? { x: from[0] - 6, y: from[1] - 13, width: layout.length + 12, height: 26 } : { x: to[0] - 16, y: to[1] - 6, width: 32, height: layout.length + 12 };
  picture.append(svg("rect", { class: "grasp", "data-axis": column.name, ...area, on: { pointerdown: (event) => drag(model, picture, layout, axis, column, event) } }));
  shares.forEach((share, end) => picture.append(handle(model, layout, axis, column, number, share, end)));
}

function handle(model, layout, axis, column, number, share, end) {
  const [x, y] = layout.point(share, number);
  const value = axis.value(share);
  return svg("rect", {
    class: "handle", x: x - (layout.lying ? 3 : 9), y: y - (layout.lying ? 9 : 3), width: layout.lying ? 6 : 18, height: layout.lying ? 18 : 6, rx: 3,
    role: "slider", tabindex: 0, "aria-label": `${column.label}, ${end ? "most" : "least"} that is kept`, "aria-valuemin": significant(axis.value(0), 6), "aria-valuemax": significant(axis.value(1), 6),
    "aria-valuenow": significant(value, 6), "aria-valuetext": quantityText(value, null, column.scale), "data-focus": `handle ${column.name} ${end}`,
    on: { keydown: (event) => moved(model, axis, column, end, event) },
  });
}

function moved(model, axis, column, end, event) {
  if (event.key === "Escape") {
    model.brushes.delete(column.name);
    return model.changed("brush");
  }
  const step = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP, PageUp: 5 * STEP, PageDown: -5 * STEP }[event.key];
  if (step === undefined) return undefined;
  event.preventDefault();
  const shares = (model.brushes.get(column.name) || [axis.value(0), axis.value(1)]).map((value) => axis.share(value));
  shares[end] = Math.min(1, Math.max(0, shares[end] + step));
  if (shares[0] > shares[1]) shares[1 - end] = shares[end];
  return keep(model, axis, column, shares, "brush");
}

function keep(model, axis, column, shares, what) {
  if (shares[0] <= 0 && shares[1] >= 1) model.brushes.delete(column.name);
  else model.brushes.set(column.name, shares.map((share) => axis.value(share)));
  model.changed(what);
}

function drag(model, picture, layout, axis, column, event) {
  event.preventDefault();
  const box = picture.getBoundingClientRect();
  const shareAt = (moving) => Math.min(1, Math.max(0, layout.share(moving.clientX - box.left, moving.clientY - box.top)));
  const first = shareAt(event);
  const follow = (moving) => keep(model, axis, column, [Math.min(first, shareAt(moving)), Math.max(first, shareAt(moving))], "brush");
  const end = (last) => {
    document.removeEventListener("pointermove", follow);
    document.removeEventListener("pointerup", end);
    document.removeEventListener("pointercancel", end);
    if (Math.abs(shareAt(last) - first) < 0.015) { // a press without a way frees the axis
      model.brushes.delete(column.name);
      model.changed("brush");
    }
  };
  document.addEventListener("pointermove", follow);
  document.addEventListener("pointerup", end);
  document.addEventListener("pointercancel", end);
}
