// The drawing of one architecture: layers as blocks as wide as their hidden size, heads coloured by kind, stacks as bars.

import { html, replaceIn, shortened, svg } from "./elements.js";
import { fileName, save } from "./download.js";
import { choose } from "./scatter.js";
import { quantityText } from "./numbers.js";

// Source of the colours: Okabe and Ito, "Color Universal Design".
const COLOURS = { sa_sdp: "#0072B2", sa_wma: "#56B4E9", l_dft: "#E69F00", l_dct: "#D55E00", c_5: "#009E73", c_9: "#CC79A7", c_13: "#F0E442" };
const SHORT = { sa_sdp: "sdp", sa_wma: "wma", l_dft: "dft", l_dct: "dct", c_5: "c5", c_9: "c9", c_13: "c13" };
const [WIDTH, LEAST, PAD, MOST_CELLS] = [320, 168, 10, 12];

export function chosenSection(model) {
  const place = html("div", { class: "cards", id: "chosen" });
  const draw = () => replaceIn(place, model.chosen.length ? model.chosen.map((key) => card(model, key)).filter(Boolean)
    : html("p", { class: "empty" }, "Choose a candidate in the front, in the table or between the coordinates: its drawing appears here."));
  model.onChange((what) => ["chosen", "view", "document"].includes(what) && draw());
  draw();
  return place;
}

function card(model, key) {
  const m = model.member(key);
  const candidate = m >= 0 ? model.candidate(m) : model.content.candidates.find((item) => item.key === key);
  if (!candidate) return null;
  const values = m < 0 ? [] : model.columns.filter((column) => column.values[m] !== null);
  const picture = drawing(candidate, model.content.words, chosenCandidates(model));
  return html("article", { class: "card", "data-key": key, "aria-label": `Candidate ${key.slice(0, 8)}` },
    html("div", { class: "row" }, html("h4", {}, key.slice(0, 8), html("span", { class: "origin" }, candidate.origin)),
      html("button", { type: "button", class: "quiet", "aria-label": `Let ${key.slice(0, 8)} go`, "data-focus": `close ${key}`, on: { click: () => choose(model, candidate) } }, "×")),
    picture,
    html("p", { class: "line" }, candidate.line),
    candidate.failure ? html("p", { class: "bad" }, shortened(candidate.failure, 300)) : null,
    m < 0 ? html("p", { class: "hint" }, "It has no values in this view.") : html("dl", { class: "values" }, values.map((column) => [
      html("dt", {}, column.label), html("dd", {}, quantityText(column.values[m], column.stderrs[m], column.scale), html("span", { class: "source" }, column.provenance || column.provenances[m]))])),
    html("button", { type: "button", "data-focus": `save ${key}`, on: { click: () => save(fileName(model.content, `${key.slice(0, 8)}.svg`), "image/svg+xml", alone(picture)) } }, "Save drawing"));
}

function chosenCandidates(model) {
  return model.content.candidates.filter((candidate) => model.chosen.includes(candidate.key));
}

// The drawing as a file: with a background and the colours of paper.
function alone(picture) {
  const copy = picture.cloneNode(true);
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("color", "#1c1b19");
  copy.prepend(svg("rect", { width: "100%", height: "100%", fill: "#ffffff" }));
  return new XMLSerializer().serializeToString(copy);
}

// Draws a candidate; sizes compare with those of the others that are drawn beside it.
export function drawing(candidate, words, others = []) {
  const layers = grouped(candidate);
  const all = [candidate, ...others].flatMap((item) => item.layers);
  const most = Math.max(...all.map((layer) => layer.hidden));
  const widest = Math.max(...all.flatMap((layer) => layer.feed_forward));
  const parts = [];
  let y = 8;
  y = pill(parts, y, candidate.family === "decoder" ? "tokens" : "input");
  layers.forEach((group) => {
    y = arrow(parts, y);
    y = block(parts, y, group, most, widest);
  });
  y = arrow(parts, y);
  y = pill(parts, y, candidate.family === "decoder" ? "next token" : "classes");
  y = legendRows(parts, y + 14, candidate, words);
  y = text(parts, WIDTH / 2, y + 14, deploymentWords(candidate), { "text-anchor": "middle", "font-weight": 600 }) + 8;
  return svg("svg", {
    class: "drawing", viewBox: `0 0 ${WIDTH} ${y}`, width: WIDTH, height: y, role: "img", "aria-label": `Architecture: ${candidate.line}`,
    "font-family": "system-ui, sans-serif", "font-size": 11, fill: "currentColor",
  }, svg("title", {}, candidate.line), parts);
}

// Layers that follow each other and are alike are drawn once, with how many they are.
function grouped(candidate) {
  const groups = [];
  candidate.layers.forEach((layer, place) => {
    const left = candidate.left ? candidate.left[place] : layer;
    const kept = (candidate.fp32_layers || []).includes(place);
    const same = JSON.stringify([layer, left, kept]);
    const last = groups[groups.length - 1];
    if (last && last.same === same) last.times += 1;
    else groups.push({ layer, left, kept, same, times: 1, first: place + 1 });
  });
  return groups;
}

function block(parts, y, { layer, left, kept, times, first }, most, widest) {
  const width = LEAST + (WIDTH - 24 - LEAST) * (layer.hidden / most);
  const x = (WIDTH - width) / 2;
  const inner = width - 2 * PAD;
  const name = times > 1 ? `layers ${first}–${first + times - 1}` : `layer ${first}`;
  const height = 24 + 24 + layer.feed_forward.length * 20 + 8;
  parts.push(svg("rect", { x, y, width, height, rx: 8, fill: "currentColor", "fill-opacity": 0.045, stroke: "currentColor", "stroke-opacity": 0.35 }));
  text(parts, x + PAD, y + 16, name, { "font-weight": 600 });
  text(parts, x + width - PAD, y + 16, `hidden ${layer.hidden}${kept ? ", fp32" : ""}`, { "text-anchor": "end" });
  heads(parts, x + PAD, y + 24, inner, layer, left);
  layer.feed_forward.forEach((size, place) => {
    const row = y + 50 + place * 20;
    const full = Math.min(inner, Math.max(60, (WIDTH - 24 - 2 * PAD) * (size / widest)));
    const rest = Math.max(0, full * (left.feed_forward[place] / size));
    const at = x + width / 2 - full / 2;
    parts.push(svg("rect", { x: at, y: row, width: full, height: 15, rx: 3, fill: "none", stroke: "currentColor", "stroke-opacity": 0.45, "stroke-dasharray": rest < full ? "3 2" : null }));
    parts.push(svg("rect", { x: at, y: row, width: rest, height: 15, rx: 3, fill: "currentColor", "fill-opacity": 0.16 }));
    text(parts, x + width / 2, row + 11.5, rest < full ? `ff ${size} → ${left.feed_forward[place]}` : `ff ${size}`, { "text-anchor": "middle" });
  });
  return y + height;
}

// A cell for each head; of many, one for each kind with their number. Heads that the deployment removes stay hollow.
function heads(parts, x, y, inner, layer, left) {
  const stay = Object.fromEntries(left.heads);
  const total = layer.heads.reduce((sum, [, number]) => sum + number, 0);
  const cells = total <= MOST_CELLS
    ? layer.heads.flatMap(([kind, number]) => Array.from({ length: number }, (_, place) => ({ kind, share: 1 / total, words: SHORT[kind], gone: place >= (stay[kind] || 0) })))
    : layer.heads.map(([kind, number]) => ({ kind, share: number / total, words: `${number}×${SHORT[kind]}${(stay[kind] || 0) < number ? ` → ${stay[kind] || 0}` : ""}`, gone: !stay[kind] }));
  let at = x;
  for (const { kind, share, words, gone } of cells) {
    const width = inner * share;
    const colour = COLOURS[kind] || "#999999";
    parts.push(svg("rect", { x: at + 1, y, width: Math.max(2, width - 2), height: 20, rx: 3, fill: gone ? "none" : colour, stroke: colour, "stroke-dasharray": gone ? "3 2" : null }));
    if (width >= 7 * words.length) {
      const ink = gone ? "currentColor" : kind === "sa_sdp" ? "#ffffff" : "#111111";
      text(parts, at + width / 2, y + 14, words, { "text-anchor": "middle", fill: ink, "font-size": 10.5 });
    }
    at += width;
  }
}

function pill(parts, y, words) {
  parts.push(svg("rect", { x: WIDTH / 2 - 44, y, width: 88, height: 20, rx: 10, fill: "none", stroke: "currentColor", "stroke-opacity": 0.35 }));
  text(parts, WIDTH / 2, y + 14, words, { "text-anchor": "middle" });
  return y + 20;
}

function arrow(parts, y) {
  parts.push(svg("path", { d: `M${WIDTH / 2} ${y + 2}v9m-3.5 -3.5l3.5 3.5l3.5 -3.5`, fill: "none", stroke: "currentColor", "stroke-opacity": 0.55 }));
  return y + 14;
}

function text(parts, x, y, words, attributes) {
  parts.push(svg("text", { x, y, ...attributes }, words));
  return y;
}

function legendRows(parts, y, candidate, words) {
  const used = new Set(candidate.layers.flatMap((layer) => layer.heads.map(([kind]) => kind)));
  const entries = words.heads.filter(({ kind }) => used.has(kind));
  entries.forEach(({ kind, words: meaning }, place) => {
    parts.push(svg("rect", { x: 34, y: y + place * 17 - 9, width: 12, height: 12, rx: 2, fill: COLOURS[kind] || "#999999" }));
    text(parts, 52, y + place * 17 + 1, `${SHORT[kind] || kind}: ${meaning}`, {});
  });
  return y + entries.length * 17;
}

function deploymentWords(candidate) {
  const { precision, runtime, threads } = candidate.deployment;
  const pruned = candidate.left ? " · pruned" : "";
  return `${precision} · ${runtime} · ${threads} thread${threads === 1 ? "" : "s"}${pruned}`;
}
