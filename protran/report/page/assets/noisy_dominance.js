// Which points no other point dominates with a stated probability: the rule of protran/noisy_dominance.py, which the
// tests compare it with.

import { nonDominated } from "./dominance.js";

const ROUNDING = 1e-9;

// Returns true for each point on the front. `errors` are standard errors, without what all points share. Each point is
// compared with all others: dominance with a probability is not transitive.
export function confidentlyNonDominated(points, errors, signs, confidence) {
  const onFront = nonDominated(points, signs);
  const signed = points.map((point) => point.map((number, axis) => (number === null ? NaN : number * signs[axis])));
  const known = points.map((_, place) => place).filter((place) => !signed[place].some(Number.isNaN));
  // Most are dominated by a member of the plain front: those come first.
  const rivals = [...known.filter((place) => onFront[place]), ...known.filter((place) => !onFront[place])];
  const dominated = (place) => rivals.some((rival) =>
    dominates(signed[rival], signed[place], errors[rival], errors[place], confidence));
  return onFront.map((plain, place) => plain || (!signed[place].some(Number.isNaN) && !dominated(place)));
}

function dominates(one, other, oneErrors, otherErrors, confidence) {
  let probability = 1;
  let ahead = false; // equal points dominate each other by no values
  for (let axis = 0; axis < one.length; axis += 1) {
    const lead = other[axis] - one[axis];
    const spread = Math.hypot(oneErrors[axis] || 0, otherErrors[axis] || 0);
    if (spread === 0 && lead < 0) return false;
    if (spread > 0) probability *= normalShare(lead / spread);
    if (probability < confidence * (1 - ROUNDING)) return false;
    ahead = ahead || lead > 0;
  }
  return ahead;
}

// The share of a normal distribution below z. Source: G. West, "Better Approximations to Cumulative Normal Functions",
// Wilmott Magazine, 2005, after J. Hart, "Computer Approximations", 1968, algorithm 5666: to double precision.
function normalShare(z) {
  const x = Math.abs(z);
  const tail = x > 37 ? 0 : Math.exp((-x * x) / 2) * (x < 7.07106781186547 ? ratio(x) : fraction(x));
  return z > 0 ? 1 - tail : tail;
}

const ABOVE = [0.0352624965998911, 0.700383064443688, 6.37396220353165, 33.912866078383, 112.079291497871, 221.213596169931, 220.206867912376];
const BELOW = [0.0883883476483184, 1.75566716318264, 16.064177579207, 86.7807322029461, 296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752];

function ratio(x) {
  const at = (factors) => factors.reduce((sum, factor) => sum * x + factor, 0);
  return at(ABOVE) / at(BELOW);
}

function fraction(x) {
  return 1 / ((x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) * 2.506628274631);
}
