// Budgets as sliders: each limits one value, and the front is worked out again while the slider moves.

import { html, oncePerFrame, replaceIn, tell } from "./elements.js";
import { count, quantityText, significant, symbolText } from "./numbers.js";

const STEPS = 200;

export function budgetSection(model) {
  const rows = html("div", { class: "budgets" });
  const fill = () => replaceIn(rows, model.selectable.map((column) => budgetRow(model, column)));
  model.onChange((what) => (what === "view" || what === "document" || what === "reset") && fill());
  fill();
  const said = html("p", { class: "outcome", id: "outcome" });
  const say = () => outcome(model, said);
  model.onChange(oncePerFrame(say));
  say();
  return html("form", { class: "panel", "aria-label": "Budgets", on: { submit: (event) => event.preventDefault() } },
    html("h3", {}, "Budgets"), viewChoice(model), rows, confidenceChoice(model), dominanceChoice(model), said,
    html("button", { type: "button", class: "quiet", on: { click: () => reset(model) } }, "Reset budgets"));
}

function budgetRow(model, column) {
  const bounds = boundsOf(column);
  const id = `limit-${column.name}`;
  const slider = html("input", { type: "range", min: 0, max: STEPS, step: 1, id, "data-column": column.name, "data-focus": id });
  const symbol = symbolText(column.scale.symbol);
  const field = html("input", { type: "number", step: "any", min: 0, "data-focus": `${id} number`, "aria-label": `${column.label}, at most, in ${symbol || "units"}`, placeholder: "–" });
  const show = () => {
    const limit = model.limits.get(column.name);
    slider.value = limit === undefined ? STEPS : Math.round(bounds.position(limit) * STEPS);
    if (document.activeElement !== field) field.value = limit === undefined ? "" : Number((limit / column.scale.factor).toPrecision(4));
    const text = limit === undefined ? "no limit" : `at most ${quantityText(limit, null, column.scale)}`;
    slider.setAttribute("aria-valuetext", text);
  };
  slider.addEventListener("input", () => {
    const position = Number(slider.value);
    if (position >= STEPS) model.limits.delete(column.name);
    else model.limits.set(column.name, bounds.limit(position / STEPS));
    model.changed("limits");
  });
  field.addEventListener("input", () => {
    const number = Number(field.value);
    if (field.value === "" || !(number > 0)) model.limits.delete(column.name);
    else model.limits.set(column.name, number * column.scale.factor);
    model.changed("limits");
  });
  field.addEventListener("blur", show);
  model.onChange((what) => what === "limits" && show());
  show();
  const counts = html("input", { type: "checkbox", checked: model.objectives.has(column.name), "data-focus": `${id} objective`, "aria-label": `${column.label} counts as an objective`, on: { change: (event) => setCounts(model, column, event.target) } });
  return html("div", { class: "budget" },
    html("span", { class: "counts", title: "counts as an objective" }, counts),
    html("label", { for: id }, column.label), slider, html("span", { class: "number" }, field, html("span", { class: "unit" }, symbol)));
}

function setCounts(model, column, box) {
  if (box.checked) model.objectives.add(column.name);
  else if (model.objectives.size > 1) model.objectives.delete(column.name);
  else box.checked = true; // a front is a front of something
  model.changed("objectives");
}

// From a slider's place to a limit: by the logarithm for what spans decades, to three digits, and never below the least.
function boundsOf(column) {
  const known = column.values.filter((value) => value !== null);
  let [low, high] = [Infinity, -Infinity];
  for (const value of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const logs = column.unit !== "fraction" && low > 0 && high / low > 3;
  const [from, to] = logs ? [Math.log(low), Math.log(high)] : [low, high];
  const span = to - from || Math.abs(to) || 1;
  return {
    position: (limit) => Math.min(1, Math.max(0, ((logs ? Math.log(limit) : limit) - from) / span)),
    limit: (share) => {
      const raw = from + share * span;
      const exact = logs ? Math.exp(raw) : raw;
      const round = Number(exact.toPrecision(3));
      return round >= low ? round : low;
    },
  };
}

function viewChoice(model) {
  const place = html("div", { class: "views" });
  const fill = () => replaceIn(place, html("label", { for: "view" }, "Values"),
    html("select", { id: "view", "data-focus": "view", on: { change: (event) => model.show(event.target.value) } },
      model.content.views.map((view) => html("option", { value: view.id, selected: model.view && view.id === model.view.id }, `${view.title} (${view.members.length})`))),
    html("p", { class: "hint" }, model.view ? model.view.note : ""));
  model.onChange((what) => (what === "view" || what === "document") && fill());
  fill();
  return place;
}

function confidenceChoice(model) {
  const options = [[0, "by its value"], ...model.content.words.margins.map((item) => [item.standard_errors, `with ${100 * item.confidence} % probability`])];
  return html("label", { class: "confidence" }, "Each budget is kept ",
    html("select", { on: { change: (event) => { model.margin = Number(event.target.value); model.changed("limits"); } } },
      options.map(([margin, text]) => html("option", { value: margin, selected: model.margin === margin }, text))));
}

// By its value, a candidate that is a hair worse is off; with a probability, only one that is worse beyond the error bars.
function dominanceChoice(model) {
  const options = [[0, "by values"], ...model.content.words.margins.map((item) => [item.confidence, `with ${100 * item.confidence} % probability`])];
  return html("label", { class: "confidence" }, "Off the front: dominated ",
    html("select", { id: "dominance", on: { change: (event) => { model.dominance = Number(event.target.value); model.changed("limits"); } } },
      options.map(([confidence, text]) => html("option", { value: confidence, selected: model.dominance === confidence }, text))));
}

function reset(model) {
  model.limits.clear();
  for (const limit of model.content.campaign.limits) model.lower(limit.name, limit.limit);
  model.brushes.clear();
  model.objectives = new Set(model.content.campaign.objectives);
  model.changed("reset");
  model.changed("limits");
}

function outcome(model, said) {
  const names = [...model.limits].map(([name, limit]) => {
    const column = model.column(name);
    return column ? `${column.label} ≤ ${quantityText(limit, null, column.scale)}` : `${name} ≤ ${significant(limit)}`;
  });
  const kept = names.length ? ` under ${names.join(", ")}` : "";
  const hidden = model.front.length - model.shown.length;
  const text = model.front.length
    ? `${count(model.front.length, "candidate")} on the front${kept}${hidden ? `; brushes hide ${hidden}` : ""}`
    : `No candidate keeps${names.length ? `: ${names.join(", ")}` : " the budgets"}`;
  said.replaceChildren(text);
  tell(text);
}
