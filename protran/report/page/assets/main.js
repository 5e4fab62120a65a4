// Puts the page together from the document that is embedded in it.

import { budgetSection } from "./budgets.js";
import { campaignList } from "./campaigns.js";
import { chosenSection } from "./drawing.js";
import { html, replaceIn } from "./elements.js";
import { carbonPart, qualityPart, reproducePart } from "./facts.js";
import { tableSection } from "./front_table.js";
import { headerPart } from "./header.js";
import { fleetPart, follow } from "./live.js";
import { Model } from "./model.js";
import { parallelSection } from "./parallel.js";
import { scatterSection } from "./scatter.js";
import { calibrationFigure, curvesFigure, hypervolumeFigure, powerFigure } from "./search_charts.js";

function embedded(id) {
  return JSON.parse(document.getElementById(id).textContent);
}

function section(id, title, ...content) {
  return html("section", { id, "aria-labelledby": `${id}-title` }, html("h2", { id: `${id}-title` }, title), content);
}

// A part of words and tables that is written again with each new document.
function part(model, make) {
  const place = html("div", {});
  const fill = () => replaceIn(place, make(model.content));
  model.onChange((what) => what === "document" && fill());
  fill();
  return place;
}

function campaignPage(content, live) {
  const model = new Model(content);
  const head = html("header", { class: "head" });
  const writeHead = () => headerPart(model, head);
  model.onChange((what) => ["document", "view"].includes(what) && writeHead());
  writeHead();
  const sections = [
    section("front", "The front", html("div", { class: "split" }, scatterSection(model), budgetSection(model)), html("h3", {}, "Chosen candidates"), chosenSection(model), tableSection(model)),
    section("coordinates", "All values at once", parallelSection(model)),
    section("search", "How the search went", html("div", { class: "figures" }, hypervolumeFigure(model), curvesFigure(model), calibrationFigure(model), powerFigure(model))),
    section("quality", "Quality and provenance", part(model, qualityPart)),
    section("carbon", "Carbon of the whole search", part(model, carbonPart)),
    section("reproduce", "How to reproduce", part(model, reproducePart)),
  ];
  if (live) sections.splice(1, 0, section("fleet", "The fleet", fleetPart(live)));
  const lamp = html("p", { class: "live", id: "lamp" });
  document.getElementById("top").replaceWith(navigation(sections, live, lamp));
  document.getElementById("main").replaceChildren(head, ...sections, footer(content));
  if (live) follow(live, lamp, (newer) => {
    model.load(newer);
    model.changed("document");
    return newer.campaign.done;
  });
}

function navigation(sections, live, lamp) {
  const links = sections.map((node) => html("a", { href: `#${node.id}` }, node.querySelector("h2").textContent));
  const back = live && live.list_url ? html("a", { href: live.list_url }, "← Campaigns") : null;
  return html("nav", { "aria-label": "Parts of this page" }, back, links, live ? lamp : null);
}

function listPage(content, live) {
  const place = html("div", {});
  campaignList(content, place);
  const lamp = html("p", { class: "live", id: "lamp" });
  document.getElementById("top").replaceWith(html("nav", { "aria-label": "State" }, lamp));
  document.getElementById("main").replaceChildren(place, live ? section("fleet", "The fleet", fleetPart(live)) : "", footer(content));
  if (live) follow(live, lamp, (newer) => {
    campaignList(newer, place);
    return false;
  });
}

function footer(content) {
  return html("footer", {}, html("p", {}, `Made by ProTran ${content.protran}. Values are in the units shown; ± is one standard error. This page asks no other server for anything.`));
}

const content = embedded("document");
if (content.schema === "protran-campaigns") listPage(content, embedded("live"));
else campaignPage(content, embedded("live"));

