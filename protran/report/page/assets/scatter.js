// The front in the plane of two values: error bars, dominated candidates faint, limits as lines.

import { axisOver } from "./axes.js";
import { chart, dots, emptyNote, legend, polyline, shapeOf } from "./chart.js";
import { staircase } from "./dominance.js";
import { html, oncePerFrame, replaceIn, svg, tell } from "./elements.js";
import { quantityText } from "./numbers.js";

const REACH = 26; // pixels around a press in which a candidate is found
const CROWD = 60; // more marks than this are drawn small

export function scatterSection(model) {
  const place = html("div", { class: "picture" });
  const readout = html("p", { class: "readout" });
  const key = html("div");
  const draw = () => drawScatter(model, place, readout, key);
  const soon = oncePerFrame(draw);
  model.onChange((what) => what !== "brush-drag" && soon());
  new ResizeObserver(soon).observe(place);
  return html("div", { class: "scatter" }, axisChoices(model), place, readout, key);
}

function axisChoices(model) {
  const place = html("div", { class: "choices" });
  const fill = () => replaceIn(place, ["x", "y"].map((axis) => html("label", {},
    axis === "x" ? "Horizontal " : "Vertical ",
    html("select", { "data-focus": `axis ${axis}`, id: `axis-${axis}`, on: { change: (event) => { model[axis] = event.target.value; model.changed("axes"); } } },
      model.columns.filter((column) => column.known).map((column) =>
        html("option", { value: column.name, selected: model[axis] === column.name }, column.label))))));
  model.onChange((what) => (what === "view" || what === "document") && fill());
  fill();
  return place;
}

function drawScatter(model, place, readout, key) {
  const [x, y] = [model.column(model.x), model.column(model.y)];
  if (!x || !y) return replaceIn(place, emptyNote(model.content.missing.views || "There is nothing to draw yet."));
  const members = model.view.members.map((_, m) => m).filter((m) => x.values[m] !== null && y.values[m] !== null);
  const width = Math.max(280, place.clientWidth);
  const frame = chart({
    width, height: Math.min(460, Math.max(320, Math.round(width * 0.62))),
    x: axisFor(model, x, members), y: axisFor(model, y, members),
    label: `${y.label} against ${x.label}; ${model.front.length} candidates on the front`,
  });
  const at = (m) => [frame.place.x(x.values[m]), frame.place.y(y.values[m])];
  drawLimits(model, frame, x, y);
  const groups = { out: [], dominated: [], incomplete: [], hidden: [] };
  for (const m of members) {
    if (model.status[m] === "front" && model.brushed(m)) continue;
    groups[model.brushed(m) ? model.status[m] : "hidden"].push(at(m));
  }
  for (const [name, places] of Object.entries(groups)) {
    if (places.length) frame.plot.append(svg("path", { class: `faint ${name}`, d: dots(places, members.length > 800 ? 1.8 : 3) }));
  }
  const shown = model.shown.filter((m) => x.values[m] !== null && y.values[m] !== null);
  drawStairs(frame, shown.map(at), x, y);
  drawBars(frame, shown, x, y);
  const marks = marksOf(model, shown, at, x, y, readout);
  frame.plot.append(...chosenRings(model, members, at), ...marks);
  frame.picture.addEventListener("click", (event) => pressed(model, frame, event, members, at));
  replaceIn(place, frame.picture);
  replaceIn(key, legendOf(model, shown));
}

function axisFor(model, column, members) {
  const values = [];
  for (const m of members) {
    const error = model.status[m] === "front" ? column.stderrs[m] || 0 : 0;
    values.push(column.values[m], column.values[m] + error, column.values[m] - error > 0 ? column.values[m] - error : null);
  }
  const { factor, symbol } = column.scale;
  const words = column.provenance ? `${column.label}, ${column.provenance}` : `${column.label}, mixed provenance`;
  return axisOver(values, { log: column.unit === "fraction" ? false : undefined, factor, symbol, label: words, floor: 0 });
}

function drawLimits(model, frame, x, y) {
  const { width, height } = frame.inner;
  const across = model.limits.get(x.name);
  const up = model.limits.get(y.name);
  if (across !== undefined) {
    const at = Math.min(width, Math.max(0, frame.place.x(across)));
    frame.plot.append(svg("rect", { class: "beyond", x: at, y: 0, width: width - at, height }));
    frame.plot.append(svg("line", { class: "limit", x1: at, x2: at, y1: 0, y2: height }));
  }
  if (up !== undefined) {
    const at = Math.min(height, Math.max(0, frame.place.y(up)));
    frame.plot.append(svg("rect", { class: "beyond", x: 0, y: 0, width, height: at }));
    frame.plot.append(svg("line", { class: "limit", x1: 0, x2: width, y1: at, y2: at }));
  }
}

function drawStairs(frame, places, x, y) {
  const signs = [x.direction === "maximise" ? -1 : 1, y.direction === "maximise" ? 1 : -1]; // pixels grow downwards
  const corners = staircase(places, signs);
  if (corners.length < 2) return;
  const path = [corners[0]];
  for (let step = 1; step < corners.length; step += 1) {
    path.push(x.direction === "maximise" ? [corners[step - 1][0], corners[step][1]] : [corners[step][0], corners[step - 1][1]], corners[step]);
  }
  frame.plot.append(svg("path", { class: "stairs", d: polyline(path) }));
}

function drawBars(frame, shown, x, y) {
  const bars = [];
  for (const m of shown) {
    const [px, py] = [frame.place.x(x.values[m]), frame.place.y(y.values[m])];
    const [ex, ey] = [x.stderrs[m] || 0, y.stderrs[m] || 0];
    const clip = (number, most) => Math.min(most, Math.max(0, number)).toFixed(1);
    if (ex) bars.push(`M${clip(frame.place.x(x.values[m] - ex), frame.inner.width)} ${py.toFixed(1)}H${clip(frame.place.x(x.values[m] + ex), frame.inner.width)}`);
    if (ey) bars.push(`M${px.toFixed(1)} ${clip(frame.place.y(y.values[m] - ey), frame.inner.height)}V${clip(frame.place.y(y.values[m] + ey), frame.inner.height)}`);
  }
  if (bars.length) frame.plot.append(svg("path", { class: shown.length > CROWD ? "bars thin" : "bars", d: bars.join("") }));
}

// Members of the front as buttons: one stop of the tab key, arrows go from one to the next.
function marksOf(model, shown, at, x, y, readout) {
  const order = [...shown].sort((a, b) => at(a)[0] - at(b)[0]);
  return order.map((m, step) => {
    const candidate = model.candidate(m);
    const words = `${candidate.key.slice(0, 8)}: ${y.label} ${quantityText(y.values[m], y.stderrs[m], y.scale)}, ${x.label} ${quantityText(x.values[m], x.stderrs[m], x.scale)}`;
    const chosen = model.chosen.includes(candidate.key);
    const [px, py] = at(m);
    const say = () => readout.replaceChildren(`${words} — ${candidate.line}`);
    const mark = svg("g", {
      class: `mark${chosen ? " chosen" : ""}`, transform: `translate(${px.toFixed(1)},${py.toFixed(1)})`, role: "button",
      tabindex: step === 0 ? 0 : -1, "aria-pressed": chosen ? "true" : "false", "aria-label": `${words}; ${candidate.line}`,
      "data-focus": `mark ${candidate.key}`, "data-key": candidate.key,
      on: {
        focus: say, pointerenter: say,
        click: (event) => { event.stopPropagation(); choose(model, candidate); },
        keydown: (event) => keyed(event, () => choose(model, candidate)),
      },
    }, svg("circle", { class: "reach", r: 13 }), svg("path", { class: "shape", d: shapeOf(candidate.origin), transform: shown.length > CROWD ? "scale(0.6)" : null }));
    return mark;
  });
}

function keyed(event, press) {
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    return press();
  }
  const all = [...event.currentTarget.parentNode.querySelectorAll(".mark")];
  const own = all.indexOf(event.currentTarget);
  const next = { ArrowRight: own + 1, ArrowDown: own + 1, ArrowLeft: own - 1, ArrowUp: own - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined) return undefined;
  event.preventDefault();
  const target = all[Math.min(all.length - 1, Math.max(0, next))];
  all.forEach((mark) => mark.setAttribute("tabindex", mark === target ? 0 : -1));
  return target.focus();
}

export function choose(model, candidate) {
  const now = model.toggle(candidate.key);
  tell(`${candidate.key.slice(0, 8)} is ${now ? "chosen; its drawing is below the front" : "no longer chosen"}`);
}

function chosenRings(model, members, at) {
  return members.filter((m) => model.chosen.includes(model.candidate(m).key)).map((m) => {
    const [cx, cy] = at(m);
    return svg("circle", { class: "ring", cx, cy, r: 11 });
  });
}

function pressed(model, frame, event, members, at) {
  const box = frame.picture.getBoundingClientRect();
  const [px, py] = [event.clientX - box.left - frame.margin.left, event.clientY - box.top - frame.margin.top];
  let [best, nearest] = [null, REACH];
  for (const m of members) {
    const [x, y] = at(m);
    const far = Math.hypot(x - px, y - py);
    if (far < nearest) [best, nearest] = [m, far];
  }
  if (best !== null) choose(model, model.candidate(best));
}

function legendOf(model, shown) {
  const centre = { transform: "translate(11,7)" };
  const entries = [];
  for (const origin of ["verified", "seed", "learn", "search"]) {
    if (shown.some((m) => model.candidate(m).origin === origin)) {
      entries.push([svg("path", { class: "shape", d: shapeOf(origin), ...centre }), `on the front, ${origin}`]);
    }
  }
  if (model.status.includes("dominated")) entries.push([svg("circle", { class: "faint dominated", cx: 11, cy: 7, r: 3 }), "dominated"]);
  if (model.status.includes("out")) entries.push([svg("circle", { class: "faint out", cx: 11, cy: 7, r: 3 }), "breaks a budget"]);
  entries.push([svg("path", { class: "bars", d: "M4 7H18" }), "± 1 standard error"]);
  entries.push([svg("path", { class: "stairs", d: "M2 3H11V11H20" }), "front in this plane"]);
  if (model.limits.size) entries.push([svg("line", { class: "limit", x1: 11, x2: 11, y1: 0, y2: 14 }), "budget"]);
  return legend(entries);
}

