// The front as a table: sortable, each row a candidate that can be chosen; and its export.

import { html, oncePerFrame, replaceIn, scrolling } from "./elements.js";
import { symbolText, withError } from "./numbers.js";
import { choose } from "./scatter.js";
import { exportButtons } from "./download.js";

const FIRST = 50;

export function tableSection(model) {
  const state = { sort: null, descending: false, all: false };
  const place = html("div");
  const draw = () => replaceIn(place, body(model, state, draw));
  const soon = oncePerFrame(draw);
  model.onChange((what) => what !== "axes" && what !== "brush-drag" && soon());
  draw();
  return html("div", {}, html("div", { class: "row" }, html("h3", {}, "As a table"), exportButtons(model)), place);
}

function body(model, state, draw) {
  if (!model.view) return html("p", { class: "empty" }, model.content.missing.views);
  const misses = model.front.length === 0 ? model.misses.map((miss) => miss.m) : [];
  const columns = model.columns.filter((column) => column.known);
  const rows = sorted(model.front.length ? model.shown : misses, columns, state);
  const shown = state.all ? rows : rows.slice(0, FIRST);
  return [
    misses.length ? html("p", { class: "hint" }, "No candidate keeps the budgets. These come nearest:") : null,
    rows.length ? scrolling("The candidates of the front", html("table", { class: "front" },
      html("caption", { class: "unseen" }, "Candidates of the front; ± is one standard error"),
      html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "candidate"), columns.map((column) => head(column, state, draw)), html("th", { scope: "col" }, "architecture"))),
      html("tbody", {}, shown.map((m) => row(model, m, columns))))) : html("p", { class: "empty" }, "Nothing to list."),
    rows.length > shown.length ? html("button", { type: "button", class: "quiet", on: { click: () => { state.all = true; draw(); } } }, `Show all ${rows.length}`) : null,
    [...model.view.notes, ...model.notes].map((note) => html("p", { class: "hint" }, note)),
  ];
}

function head(column, state, draw) {
  const symbol = symbolText(column.scale.symbol);
  const active = state.sort === column.name;
  const order = active ? (state.descending ? "descending" : "ascending") : "none";
  const press = () => {
    state.descending = active && !state.descending;
    state.sort = column.name;
    draw();
  };
  return html("th", { scope: "col", "aria-sort": order, class: column.objective ? null : "told" },
    html("button", { type: "button", "data-focus": `sort ${column.name}`, title: column.provenance || "mixed provenance", on: { click: press } },
      column.label, html("span", { class: "unit" }, symbol ? ` ${symbol}` : ""), html("span", { class: "arrow", "aria-hidden": "true" }, active ? (state.descending ? " ↓" : " ↑") : "")),
    html("span", { class: "source" }, column.provenance || "mixed"));
}

function row(model, m, columns) {
  const candidate = model.candidate(m);
  const chosen = model.chosen.includes(candidate.key);
  return html("tr", { class: chosen ? "chosen" : null },
    html("th", { scope: "row" }, html("button", {
      type: "button", class: "key", "aria-pressed": chosen ? "true" : "false", "data-focus": `row ${candidate.key}`, "data-key": candidate.key,
      on: { click: () => choose(model, candidate), keydown: (event) => walked(event) },
    }, candidate.key.slice(0, 8))),
    columns.map((column) => html("td", { class: "figure" }, withError(column.values[m], column.stderrs[m], column.scale),
      column.provenances.length && column.provenances[m] ? html("span", { class: "source" }, column.provenances[m]) : null)),
    html("td", { class: "line" }, candidate.line));
}

// Arrows go from row to row.
function walked(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const all = [...event.currentTarget.closest("tbody").querySelectorAll("button.key")];
  const next = all[all.indexOf(event.currentTarget) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function sorted(members, columns, state) {
  const column = columns.find((item) => item.name === state.sort);
  if (!column) return members;
  const sign = state.descending ? -1 : 1;
  const rank = (m) => (column.values[m] === null ? Infinity : sign * column.values[m]);
  return [...members].sort((a, b) => rank(a) - rank(b));
}

