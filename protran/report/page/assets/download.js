// Downloads: what is shown leaves the page as a file, made here, without a server.

import { html } from "./elements.js";

export function save(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = html("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// A name that is one on every system, whatever the campaign is called.
export function fileName(content, ending) {
  const safe = content.campaign.name.normalize("NFKD").replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+/, "").slice(0, 48);
  return `${safe || "campaign"}-${ending}`;
}

export function exportButtons(model) {
  const files = {
    CSV: () => save(fileName(model.content, "front.csv"), "text/csv", csv(model)),
    JSON: () => save(fileName(model.content, "front.json"), "application/json", json(model)),
  };
  return html("div", { class: "buttons", role: "group", "aria-label": "Save the shown candidates" },
    Object.entries(files).map(([kind, press]) =>
      html("button", { type: "button", id: `export-${kind.toLowerCase()}`, on: { click: press } }, `Save as ${kind}`)));
}

function csv(model) {
  const fields = ["value", "stderr", "unit", "provenance"];
  const head = ["key", "summary", ...model.columns.flatMap((column) => fields.map((field) => (field === "value" ? column.name : `${column.name}_${field}`))), "genes"];
  const rows = model.shown.map((m) => {
    const candidate = model.candidate(m);
    const values = model.columns.flatMap((column) => [column.values[m], column.stderrs[m], column.unit, source(column, m)]);
    return [candidate.key, candidate.line, ...values, JSON.stringify(candidate.genes)];
  });
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\n") + "\n";
}

function source(column, m) {
  return column.values[m] === null ? "unavailable" : column.provenance || column.provenances[m];
}

// Quoted where it must be; text that a spreadsheet would run as a formula gets an apostrophe.
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function json(model) {
  const content = model.content;
  return `${JSON.stringify({
    campaigns: [content.campaign.name],
    devices: content.campaign.devices,
    objectives: model.columns.filter((column) => model.objectives.has(column.name)).map((column) => ({ name: column.name, device: column.device, unit: column.unit, direction: column.direction })),
    budgets: [...model.limits].map(([name, limit]) => ({ name, limit, unit: (model.column(name) || {}).unit })),
    standard_errors_below_budgets: model.margin,
    values: model.view ? model.view.id : null,
    made_at: content.made_at,
    candidates: model.shown.map((m) => ({
      key: model.candidate(m).key,
      ...model.candidate(m).genes,
      values: Object.fromEntries(model.columns.map((column) => [column.name, { value: column.values[m], stderr: column.stderrs[m], unit: column.unit, provenance: source(column, m) }])),
    })),
  }, null, 2)}\n`;
}
