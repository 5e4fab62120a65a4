// Axes: from values to places, and the ticks between.

import { significant, symbolText } from "./numbers.js";

const LOG_FROM = 3; // from this ratio of largest to smallest on, a linear axis hides the small ones

// Returns an axis over these values, or null where there is none. `log`: true, false, or undefined to decide by them.
export function axisOver(values, { log, factor = 1, symbol = "", label = "", pad = 0.06, floor } = {}) {
  const known = values.filter((value) => value !== null && Number.isFinite(value));
  if (!known.length) return null;
  let [low, high] = [Infinity, -Infinity];
  for (const value of known) [low, high] = [Math.min(low, value), Math.max(high, value)];
  const logs = log === undefined ? low > 0 && high / low >= LOG_FROM : log && low > 0;
  let [from, to] = logs ? [Math.log(low), Math.log(high)] : [low, high];
  const room = (to - from) * pad || (logs ? 0.2 : Math.abs(to) * 0.1 || 1);
  [from, to] = [from - room, to + room];
  if (floor !== undefined && !logs) from = Math.max(from, floor);
  return {
    log: logs, factor, symbol, label, from, to,
    share: (value) => ((logs ? Math.log(Math.max(value, 1e-300)) : value) - from) / (to - from),
    value: (share) => (logs ? Math.exp(from + share * (to - from)) : from + share * (to - from)),
  };
}

export function axisTitle(axis) {
  return axis.symbol ? `${axis.label} [${symbolText(axis.symbol)}]` : axis.label;
}

// Returns [share, text] of about `wanted` ticks.
export function ticksOf(axis, wanted = 5) {
  const [low, high] = [axis.value(0) / axis.factor, axis.value(1) / axis.factor];
  let numbers = (axis.log && decades(low, high, wanted)) || steps(low, high, wanted);
  for (let more = wanted + 1; numbers.length < 3 && more < wanted + 8; more += 1) numbers = steps(low, high, more);
  return numbers.map((number) => [axis.share(number * axis.factor), significant(number, 3)]);
}

function decades(low, high, wanted) {
  for (const parts of [[1, 2, 5], [1, 3], [1]]) {
    const found = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1) {
      found.push(...parts.map((part) => part * 10 ** power).filter((number) => number >= low && number <= high));
    }
    if (found.length >= 3 && found.length <= wanted + 2) return found;
    if (found.length < 3) return null;
  }
  const powers = [];
  const every = Math.ceil(Math.log10(high / low) / wanted);
  for (let power = Math.ceil(Math.log10(low)); power <= Math.log10(high); power += every) powers.push(10 ** power);
  return powers;
}

function steps(low, high, wanted) {
  const raw = (high - low) / wanted;
  const size = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((part) => part * size).find((part) => part >= raw * 0.999);
  const found = [];
  for (let number = Math.ceil(low / step) * step; number <= high + step * 1e-9; number += step) {
    found.push(Math.abs(number) < step * 1e-9 ? 0 : number);
  }
  return found;
}
