// The list of all campaigns of a folder.

import { html, plainTable, replaceIn, shortened } from "./elements.js";
import { moment } from "./numbers.js";

export function campaignList(content, place) {
  const rows = content.campaigns.map((campaign) => [
    campaign.url ? html("a", { href: campaign.url, "data-focus": `campaign ${campaign.id}` }, shortened(campaign.name)) : shortened(campaign.name),
    html("span", { class: `phase ${campaign.phase === "done" ? "done" : "running"}` }, campaign.phase || "–"), shortened(campaign.space || "–"), shortened(campaign.task || "–"), shortened((campaign.devices || []).join(", ")),
    answered(campaign.profiles), answered(campaign.trainings), (campaign.error && shortened(campaign.error, 200)) || moment(campaign.updated_at)]);
  replaceIn(place, html("div", { class: "head" }, html("h1", {}, "Campaigns")), rows.length
    ? plainTable("Campaigns", ["name", "phase", "space", "task", "devices", "profiles", "scores", "changed"], rows)
    : html("p", { class: "empty" }, "There is no campaign here yet; `protran search --name demo` starts one."));
}

function answered(jobs) {
  return jobs ? `${jobs.answered}${jobs.pending ? ` (${jobs.pending} due)` : ""}` : "–";
}
