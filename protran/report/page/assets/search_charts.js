// How the search went: hypervolume over evaluations, learning curves, predicted against measured, power over time.

import { axisOver } from "./axes.js";
import { chart, dots, emptyNote, legend, polyline } from "./chart.js";
import { html, oncePerFrame, replaceIn, svg } from "./elements.js";
import { amount, count, significant } from "./numbers.js";

const KINDS = { short: "short trainings", full: "full trainings", refit: "fitted to validation data too", other: "other trainings" };
const MEASURES = { validation_error: "validation error", validation_loss: "validation loss", train_loss: "training loss" };

// A figure whose picture is drawn again when its width or what it shows changes.
function figure(model, title, draw, ...more) {
  const place = html("div", { class: "picture" });
  const soon = oncePerFrame(() => draw(place));
  model.onChange((what) => ["document", "chosen", "view"].includes(what) && soon());
  new ResizeObserver(soon).observe(place);
  return html("figure", {}, html("figcaption", {}, html("h3", {}, title)), more, place);
}

function size(place, share = 0.62) {
  const width = Math.max(260, place.clientWidth);
  return { width, height: Math.min(340, Math.max(230, Math.round(width * share))) };
}

export function hypervolumeFigure(model) {
  return figure(model, "Hypervolume over evaluations", (place) => {
    const { evaluations, volume, objectives } = model.content.hypervolume;
    if (!evaluations.length) return replaceIn(place, emptyNote(model.content.missing.hypervolume));
    const frame = chart({
      ...size(place), label: "Hypervolume over scored candidates",
      x: axisOver([0, ...evaluations], { log: false, label: "scored candidates", pad: 0.02, floor: 0 }), y: axisOver([0, ...volume], { log: false, label: "share dominated", pad: 0.05, floor: 0 }),
    });
    const path = [];
    evaluations.forEach((number, step) => {
      if (step) path.push([frame.place.x(number), frame.place.y(volume[step - 1])]);
      path.push([frame.place.x(number), frame.place.y(volume[step])]);
    });
    frame.plot.append(svg("path", { class: "curve", d: polyline(path) }));
    return replaceIn(place, frame.picture, html("p", { class: "hint" }, `From the reference point to the best of each of ${objectives.join(", ")}; costs by their logarithm, errors of short trainings. The end is ${significant(volume[volume.length - 1], 3)}.`));
  });
}

export function curvesFigure(model) {
  const state = { measure: "validation_error", kind: null };
  const choices = html("div", { class: "choices" });
  const draw = (place) => {
    const curves = model.content.learning_curves.curves;
    if (!curves.length) return replaceIn(place, emptyNote(model.content.missing.learning_curves));
    const kinds = [...new Set(curves.map((curve) => curve.kind))];
    if (!kinds.includes(state.kind)) state.kind = kinds.includes("full") ? "full" : kinds[0];
    replaceIn(choices, chooser("Trainings", kinds.map((kind) => [kind, KINDS[kind]]), state.kind, (kind) => { state.kind = kind; draw(place); }),
      chooser("Show", Object.entries(MEASURES), state.measure, (measure) => { state.measure = measure; draw(place); }));
    return drawCurves(model, place, state);
  };
  return figure(model, "Learning curves", draw, choices);
}

function chooser(label, options, now, change) {
  return html("label", {}, `${label} `, html("select", { "data-focus": `choose ${label}`, on: { change: (event) => change(event.target.value) } },
    options.map(([value, text]) => html("option", { value, selected: value === now }, text))));
}

function drawCurves(model, place, { measure, kind }) {
  const { curves, of } = model.content.learning_curves;
  const own = curves.filter((curve) => curve.kind === kind && curve[measure].some((number) => number !== null));
  if (!own.length) return replaceIn(place, emptyNote("These trainings have no validation set: they were fitted to it as well."));
  const percent = measure === "validation_error";
  const frame = chart({
    ...size(place), label: `${MEASURES[measure]} over epochs`,
    x: axisOver([1, ...own.map((curve) => curve[measure].length)], { log: false, label: "epoch", pad: 0.02 }),
    y: axisOver(own.flatMap((curve) => curve[measure]), { log: false, label: MEASURES[measure], factor: percent ? 0.01 : 1, symbol: percent ? "%" : "", floor: 0 }),
  });
  const scored = model.chosen.map((key) => (model.content.candidates.find((item) => item.key === key) || {}).scored_as || key);
  const way = (curve) => polyline(curve[measure].map((number, step) => (number === null ? null : [frame.place.x(step + 1), frame.place.y(number)])).filter(Boolean));
  frame.plot.append(svg("path", { class: "curve others", d: own.filter((curve) => !scored.includes(curve.key)).map(way).join("") }));
  const entries = [];
  scored.forEach((key, place_) => {
    const those = own.filter((curve) => curve.key === key);
    if (!those.length) return;
    frame.plot.append(svg("path", { class: `curve chosen-${place_ % 4}`, d: those.map(way).join("") }));
    entries.push([svg("path", { class: `curve chosen-${place_ % 4}`, d: "M2 7H20" }), `${model.chosen[place_].slice(0, 8)}, ${count(those.length, "training")}`]);
  });
  entries.push([svg("path", { class: "curve others", d: "M2 7H20" }), `others${of > curves.length ? `; ${curves.length} of ${of} are kept here` : ""}`]);
  return replaceIn(place, frame.picture, legend(entries));
}

export function calibrationFigure(model) {
  const state = { name: null };
  const choices = html("div", { class: "choices" });
  const draw = (place) => {
    const { objectives } = model.content.calibration;
    if (!objectives.length) return replaceIn(place, emptyNote(model.content.missing.calibration));
    const found = objectives.find((item) => item.name === state.name) || objectives[0];
    replaceIn(choices, chooser("Value", objectives.map((item) => [item.name, labelOf(model, item.name)]), found.name, (name) => { state.name = name; draw(place); }));
    return drawCalibration(model, place, found);
  };
  return figure(model, "Predicted against measured", draw, choices);
}

function labelOf(model, name) {
  const column = model.column(name);
  return column ? column.label : name;
}

function drawCalibration(model, place, found) {
  const { level, steps, steps_of: stepsOf, most_rows: mostRows, sources_left_out: withoutSources } = model.content.calibration;
  const column = model.column(found.name) || { label: found.name, scale: { factor: 1, symbol: "" }, unit: "" };
  const values = found.points.flatMap((point) => [point.measured, point.predicted, point.low, point.high]);
  const axis = (label) => axisOver(values, { log: column.unit === "fraction" ? false : undefined, factor: column.scale.factor, symbol: column.scale.symbol, label, floor: 0 });
  const frame = chart({ ...size(place, 0.78), x: axis(`measured ${column.label}`), y: axis(`predicted ${column.label}`), label: `Predicted against measured ${column.label}` });
  frame.plot.append(svg("line", { class: "diagonal", x1: 0, y1: frame.inner.height, x2: frame.inner.width, y2: 0 }));
  const bars = found.points.map((point) => `M${frame.place.x(point.measured).toFixed(1)} ${frame.place.y(point.low).toFixed(1)}V${frame.place.y(point.high).toFixed(1)}`);
  frame.plot.append(svg("path", { class: "bars", d: bars.join("") }));
  const inside = found.points.filter((point) => point.low <= point.measured && point.measured <= point.high);
  const outside = found.points.filter((point) => !inside.includes(point));
  const at = (point) => [frame.place.x(point.measured), frame.place.y(point.predicted)];
  frame.plot.append(svg("path", { class: "dot in", d: dots(inside.map(at), 3.6) }), svg("path", { class: "dot off", d: dots(outside.map(at), 3.6) }));
  const expected = Math.round(level * found.points.length);
  return replaceIn(place, frame.picture,
    legend([[svg("circle", { class: "dot in", cx: 11, cy: 7, r: 3.6 }), "inside its interval"], [svg("circle", { class: "dot off", cx: 11, cy: 7, r: 3.6 }), "outside"], [svg("line", { class: "diagonal", x1: 2, y1: 13, x2: 20, y2: 1 }), "predicted = measured"]]),
    html("p", { class: "hint" }, `${found.inside} of ${found.points.length} lie in their ${100 * level} % interval (about ${expected} would, were it exact); median relative error ${amount(found.median_relative_error, "fraction")}. `
      + "Each step's surrogates were fitted again to what that step had seen, and asked about its new candidates."
      + (steps < stepsOf ? ` ${steps} of ${stepsOf} steps: those that had seen at most ${mostRows} answers.` : "")
      + (withoutSources ? " The campaign itself also started from other devices; these predictions do not." : "")));
}

export function powerFigure(model) {
  return figure(model, "Power over time", (place) => {
    const { traces } = model.content.power;
    if (!traces.length) return replaceIn(place, emptyNote(model.content.missing.power));
    return replaceIn(place, traces.map((trace) => {
      const frame = chart({ ...size(place, 0.4), x: axisOver(trace.time_s, { log: false, label: "time", symbol: "s", pad: 0.01 }), y: axisOver([0, ...trace.power_w], { log: false, label: `power, ${trace.provenance}`, symbol: "W", floor: 0 }), label: trace.title });
      for (const phase of trace.phases) {
        frame.plot.prepend(svg("rect", { class: phase.name === "busy" ? "busy" : "idle", x: frame.place.x(phase.start_s), y: 0, width: Math.max(0, frame.place.x(phase.end_s) - frame.place.x(phase.start_s)), height: frame.inner.height }));
      }
      frame.plot.append(svg("path", { class: "curve", d: polyline(trace.time_s.map((time, step) => [frame.place.x(time), frame.place.y(trace.power_w[step])])) }));
      return [html("h4", {}, trace.title), frame.picture, html("p", { class: "hint" }, `${trace.sensor}; ${trace.samples_taken} samples. ${trace.remark}`)];
    }));
  });
}
