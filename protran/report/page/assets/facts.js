// What stands behind the figures: quality, provenance, carbon, and how to do it again.

import { html, plainTable, prose, shortened } from "./elements.js";
import { fileName, save } from "./download.js";
import { amount, count, duration, moment } from "./numbers.js";

export function qualityPart(content) {
  const { devices, trainings, flags, remarkable, remarkable_of: of } = content.quality;
  const cells = devices.map((device) => [device.name, device.measurements, device.ok, device.rejected, device.failed, device.reused, words(device.flags) || "none", device.clean_share === null ? "–" : amount(device.clean_share, "fraction")]);
  return [
    plainTable("Measurements by device", ["device", "measurements", "ok", "rejected", "failed", "taken over", "flags", "clean share"], cells),
    html("p", { class: "hint" }, `Scores: ${trainings.ok} good, ${trainings.failed} failed, ${trainings.reused} taken over from other campaigns. The clean share is that of pairs of calls that nobody disturbed, the median.`),
    flags.length ? html("dl", { class: "facts" }, flags.map(({ flag, words: meaning }) => [html("dt", {}, flag), html("dd", {}, meaning)])) : null,
    content.campaign.failures.map((sentence) => html("p", { class: "bad" }, shortened(sentence, 400))),
    provenancePart(content),
    remarkable.length ? html("details", {}, html("summary", {}, `${count(of, "answer")} with a flag or a reason${of > remarkable.length ? `, the first ${remarkable.length}` : ""}`),
      plainTable("Answers with a flag or a reason", ["candidate", "what", "status", "flags", "reason", "when"], remarkable.map((row) => [row.key.slice(0, 8), row.what, row.status, shortened(row.flags.join(", "), 200), shortened(row.reason, 300), moment(row.started_at)])))
      : html("p", { class: "hint" }, "No measurement has a flag, and none was rejected."),
  ];
}

function words(counts) {
  return Object.entries(counts).map(([name, number]) => `${number} ${name}`).join(", ");
}

function provenancePart(content) {
  const rows = content.views.flatMap((view) => view.columns.map((column) => [`${column.label}${content.views.length > 1 ? ` (${view.id})` : ""}`, column.name, column.unit,
    column.known ? column.provenance || "mixed" : "unavailable", `${column.known} of ${view.members.length}`]));
  return rows.length ? html("details", {}, html("summary", {}, "Where each value comes from"), plainTable("Provenance", ["value", "name", "unit", "provenance", "known"], rows)) : null;
}

export function carbonPart(content) {
  const { stages, footprint, reused, simulated } = content.carbon;
  const names = { training: "trainings", inference: "profiles", search: "the search itself" };
  const rows = stages.map((stage) => [names[stage.stage] || stage.stage, stage.jobs, stage.jobs ? duration(stage.wall_s) : "–", stage.jobs ? between(stage.core_seconds.low, stage.core_seconds.high, "s") : "–", energyText(stage.energy), html("span", {}, prose(stage.source))]);
  const left = [reused ? `${count(reused, "answer")} that another campaign paid for` : null, simulated ? `${count(simulated, "profile")} of simulated devices` : null, ...stages.filter((stage) => stage.untimed).map((stage) => `${count(stage.untimed, "job")} of ${names[stage.stage] || stage.stage} whose seconds nobody knows`)].filter(Boolean);
  return [
    plainTable("Work of the whole search", ["work", "jobs", "wall time", "core-seconds", "energy", "from"], rows),
    footprint ? html("p", {}, `In all ${gramsText(footprint.total)}: energy x ${footprint.intensity.g_per_kwh || footprint.intensity} g/kWh${placeOf(footprint)}, PUE ${footprint.pue}.`)
      : html("p", { class: "hint" }, prose("No grid was named, so there are no grams of CO2e; `protran report NAME --country DE` (or `--grid-intensity`) says them.")),
    left.length ? html("p", { class: "hint" }, `Not counted: ${left.join("; ")}.`) : null,
  ];
}

function placeOf(footprint) {
  return footprint.intensity && footprint.intensity.place ? ` (${footprint.intensity.place}${footprint.intensity.year ? `, ${footprint.intensity.year}` : ""})` : "";
}

function between(low, high, unit) {
  const [a, b] = [amount(low, unit), amount(high, unit)];
  return a === b ? a : `${a} to ${b}`;
}

function energyText(energy) {
  if (!energy) return "–";
  return energy.low_j === null ? "unavailable" : `${between(energy.low_j, energy.high_j, "J")}, ${energy.provenance}`;
}

function gramsText(emission) {
  return emission.low_g === null ? "unavailable (the energy of a part is)" : `${between(emission.low_g, emission.high_g, "g")} CO2e, ${emission.provenance}`;
}

export function reproducePart(content) {
  const { reproduce } = content;
  const file = `${JSON.stringify(reproduce.config, null, 2)}\n`;
  const facts = [
    ["Seed", reproduce.seed], ["Seeds of verification", reproduce.verification_seeds.join(", ")],
    ["Task", `${shortened(reproduce.task.name)}${reproduce.task.version ? `, data ${reproduce.task.version}` : ""}`],
    ["Workload", Object.entries(reproduce.workload).map(([name, value]) => `${name} ${value}`).join(", ") || "inference on batch 1"],
    ["Trainings", Object.entries(reproduce.fidelities).map(([name, fidelity]) => `${name}: ${count(fidelity.epochs, "epoch")}`).join("; ")],
    ["ProTran", `${reproduce.protran} wrote this page; charter version ${reproduce.charter_version}`],
    ["Begun", moment(content.campaign.created_at)],
  ];
  return [
    reproduce.command ? [html("p", {}, "The same campaign again:"), html("pre", { tabindex: 0 }, reproduce.command)] : null,
    html("p", {}, reproduce.command ? "or, with every number of its effort, from its file:" : "The same campaign again, from its file:"),
    html("pre", { tabindex: 0 }, reproduce.file_command),
    html("button", { type: "button", on: { click: () => save(fileName(content, "campaign.yaml"), "application/yaml", file) } }, "Save campaign.yaml"),
    html("details", {}, html("summary", {}, "The file"), html("pre", { tabindex: 0 }, file)),
    html("dl", { class: "facts" }, facts.map(([name, value]) => [html("dt", {}, name), html("dd", {}, value)])),
    html("p", { class: "hint" }, reproduce.note),
    html("h3", {}, "Machines"),
    plainTable("Devices", ["device", "processor", "cores", "memory", "system", "software", "reference latency"], content.devices.map(machineRow)),
  ];
}

function machineRow({ name, facts, reference, simulated }) {
  const software = [facts.python ? `Python ${facts.python}` : null, ...Object.entries(facts.runtimes || {}).map(([library, version]) => `${library} ${version}`)].filter(Boolean);
  return [name, facts.processor || "–", facts.cores || "–", amount(facts.memory_bytes, "B"), facts.operating_system || (simulated ? "simulated" : "–"), software.join(", ") || "–", reference.latency_s ? amount(reference.latency_s, "s") : "–"];
}
