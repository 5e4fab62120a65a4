// The head of the page: what the campaign is, how far it is, and its best figures.

import { html, replaceIn, shortened } from "./elements.js";
import { count, moment, quantityText } from "./numbers.js";

export function headerPart(model, place) {
  const { campaign, made_at: made } = model.content;
  const about = `${campaign.objectives.length > 1 ? "Trade-offs" : "Candidates"} of ${shortened(campaign.space)} on the task ${shortened(campaign.task_name)}, ${model.content.devices.every((device) => device.simulated) ? "simulated" : "measured"} on ${campaign.devices.join(", ")}`;
  replaceIn(place, html("div", { class: "title" }, html("h1", {}, shortened(campaign.name, 120)), html("span", { class: `phase ${campaign.done ? "done" : "running"}` }, campaign.phase)),
    html("p", { class: "about" }, about),
    html("ul", { class: "tiles" }, tiles(model).map(([label, value, more]) => html("li", {}, html("span", { class: "label" }, label), html("span", { class: "value" }, value), html("span", { class: "source" }, more)))),
    html("p", { class: "hint" }, progress(campaign), ` As of ${moment(made)}.`),
    campaign.limits.length ? html("p", { class: "hint" }, `Budgets: ${campaign.limits.map((limit) => limit.text).join(", ")}`) : null,
    campaign.remarks.map((remark) => html("p", { class: "hint" }, remark)));
}

function progress({ profiles, trainings }) {
  const part = (jobs, noun) => `${count(jobs.answered, noun)} answered${jobs.pending ? `, ${jobs.pending} due` : ""}${jobs.failed ? `, ${jobs.failed} failed` : ""}${jobs.rejected ? `, ${jobs.rejected} rejected` : ""}`;
  return `${part(profiles, "profile")}; ${part(trainings, "score")}.`;
}

// The best of each objective on the campaign's own front.
function tiles(model) {
  const view = model.view;
  if (!view) return [["candidates", model.content.candidates.length, "none with all values yet"]];
  const found = [["on the front", view.front.length, `of ${count(view.members.length, "candidate")} (${view.id})`]];
  for (const column of view.columns.filter((item) => item.objective && item.known).slice(0, 5)) {
    const sign = column.direction === "maximise" ? -1 : 1;
    const known = view.front.filter((m) => column.values[m] !== null).sort((a, b) => sign * (column.values[a] - column.values[b]));
    if (known.length) found.push([`best ${column.label}`, quantityText(column.values[known[0]], column.stderrs[known[0]], column.scale), column.provenance || "mixed"]);
  }
  return found;
}
