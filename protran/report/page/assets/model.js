// What is shown: one view of the document's candidates, the objectives that count, limits, brushes, chosen candidates.

import { nonDominated } from "./dominance.js";
import { confidentlyNonDominated } from "./noisy_dominance.js";

const MOST_CHOSEN = 4;

export class Model {
  constructor(content) {
    this.listeners = [];
    this.chosen = [];
    this.limits = new Map(); // column name -> SI value
    this.brushes = new Map(); // column name -> [low, high] in SI units
    this.margin = 0;
    this.dominance = 0; // the probability that puts a candidate off the front; 0: the values do
    this.load(content);
  }

  // Takes a document, also a newer one of the same campaign: what the user has set stays.
  load(content) {
    const first = this.content === undefined;
    this.content = content;
    const id = this.view ? this.view.id : null;
    this.view = content.views.find((view) => view.id === id) || content.views[0] || null;
    if (first) for (const limit of content.campaign.limits) this.lower(limit.name, limit.limit);
    if (!this.objectives || (id !== null && !this.view)) this.objectives = new Set();
    if (!this.objectives.size) this.objectives = new Set(content.campaign.objectives);
    this.x = this.column(this.x) ? this.x : this.preferred(1);
    this.y = this.column(this.y) ? this.y : this.preferred(0);
    this.recompute();
    if (first) this.chosen = this.suggested();
  }

  lower(name, limit) {
    this.limits.set(name, Math.min(limit, this.limits.has(name) ? this.limits.get(name) : Infinity));
  }

  show(id) {
    this.view = this.content.views.find((view) => view.id === id) || this.view;
    this.brushes.clear();
    this.changed("view");
  }

  get columns() {
    return this.view ? this.view.columns : [];
  }

  column(name) {
    return this.columns.find((column) => column.name === name);
  }

  // Columns that can be chosen by, and that any candidate has a value of.
  get selectable() {
    return this.columns.filter((column) => column.selectable && column.known);
  }

  preferred(place) {
    const found = this.selectable;
    return (found[place] || found[0] || { name: null }).name;
  }

  candidate(member) {
    return this.content.candidates[this.view.members[member]];
  }

  member(key) {
    return this.view ? this.view.members.findIndex((place) => this.content.candidates[place].key === key) : -1;
  }

  // Works out the front: the rule of protran.front.pareto_front, for the objectives and limits that are set here.
  recompute() {
    const count = this.view ? this.view.members.length : 0;
    this.status = new Array(count).fill("incomplete");
    this.notes = [];
    this.front = [];
    this.misses = [];
    if (!count) return;
    const objectives = this.columns.filter((column) => this.objectives.has(column.name));
    const limited = this.columns.filter((column) => this.limits.has(column.name));
    const complete = this.ofOneProvenance(this.range(count).filter((m) =>
      objectives.every((column) => column.values[m] !== null)), [...objectives, ...limited]);
    const blind = [...this.limits.keys()].some((name) => !this.column(name)); // a limit on what nobody knows
    const within = blind ? [] : complete.filter((m) => limited.every((column) => this.keeps(column, m)));
    for (const m of complete) this.status[m] = "out";
    const points = within.map((m) => objectives.map((column) => column.values[m]));
    const signs = objectives.map((column) => (column.direction === "maximise" ? -1 : 1));
    const mask = objectives.length ? this.undominated(objectives, within, points, signs) : points.map(() => false);
    within.forEach((m, place) => (this.status[m] = mask[place] ? "front" : "dominated"));
    this.front = within.filter((_, place) => mask[place]);
    if (objectives.length) this.front.sort((a, b) => signs[0] * (objectives[0].values[a] - objectives[0].values[b]));
    if (!within.length && limited.length) this.misses = this.nearest(complete, limited);
  }

  undominated(objectives, members, points, signs) {
    if (!this.dominance) return nonDominated(points, signs);
    const errors = members.map((m) => objectives.map((column) => (column.own_stderrs || column.stderrs)[m] || 0));
    return confidentlyNonDominated(points, errors, signs, this.dominance);
  }

  range(count) {
    return Array.from({ length: count }, (_, place) => place);
  }

  upper(column, m) {
    const value = column.values[m];
    return value === null ? null : value + this.margin * (column.stderrs[m] || 0);
  }

  keeps(column, m) {
    const upper = this.upper(column, m);
    return upper !== null && upper <= this.limits.get(column.name);
  }

  nearest(complete, limited) {
    const found = complete.filter((m) => limited.every((column) => column.values[m] !== null)).map((m) => ({
      m,
      excess: Math.max(...limited.map((c) => Math.max(0, this.upper(c, m) / this.limits.get(c.name) - 1))),
    }));
    return found.sort((a, b) => a.excess - b.excess).slice(0, 5);
  }

  // Leaves out candidates whose value is less trusted than that of others in the same column.
  ofOneProvenance(members, columns) {
    let kept = members;
    for (const column of columns) {
      if (!column.provenances.length) continue;
      const found = new Set(kept.map((m) => column.provenances[m]).filter((source) => source !== null));
      if (found.size < 2) continue;
      const best = this.content.words.trust.find((source) => found.has(source));
      const before = kept.length;
      kept = kept.filter((m) => column.values[m] === null || column.provenances[m] === best);
      this.notes.push(`left out: ${before - kept.length} whose ${column.label} is not ${best}, while that of others is`);
    }
    return kept;
  }

  brushed(m) {
    for (const [name, [low, high]] of this.brushes) {
      const column = this.column(name);
      const value = column ? column.values[m] : null;
      if (column && (value === null || value < low || value > high)) return false;
    }
    return true;
  }

  // Members of the front that no brush hides: what the table and the exports hold.
  get shown() {
    return this.front.filter((m) => this.brushed(m));
  }

  suggested() {
    const second = this.selectable.find((column) => this.objectives.has(column.name) && column.name !== this.y);
    const ends = [this.front[0]];
    if (second) ends.push([...this.front].sort((a, b) => second.values[a] - second.values[b])[0]);
    return [...new Set(ends)].filter((m) => m !== undefined).map((m) => this.candidate(m).key);
  }

  // Chooses a candidate, or lets it go; of more than four the first goes.
  toggle(key) {
    const was = this.chosen.includes(key);
    this.chosen = was ? this.chosen.filter((other) => other !== key) : [...this.chosen, key].slice(-MOST_CHOSEN);
    this.changed("chosen");
    return !was;
  }

  onChange(listener) {
    this.listeners.push(listener);
  }

  changed(what) {
    if (what === "view" || what === "document") {
      this.x = this.column(this.x) ? this.x : this.preferred(1);
      this.y = this.column(this.y) ? this.y : this.preferred(0);
    }
    this.recompute();
    for (const listener of this.listeners) listener(what);
  }
}
