// Which points no other point dominates: the rule of protran/dominance.py, which the tests compare it with.

// Returns true for each point on the front. A point dominates another if it is at least as good in every objective and
// better in one: equal points are all on the front, or none is. A point with a value that is not known is not on the
// front and dominates nothing. `signs` is 1 where smaller is better, -1 where larger is.
export function nonDominated(points, signs) {
  const onFront = new Array(points.length).fill(false);
  const rows = [];
  points.forEach((point, place) => {
    const signed = point.map((number, axis) => (number === null ? NaN : number * signs[axis] + 0));
    if (!signed.some(Number.isNaN)) rows.push({ place, signed });
  });
  rows.sort((a, b) => compared(a.signed, b.signed)); // so that none can be dominated by a later one
  const kept = [];
  for (const { place, signed } of rows) {
    const last = kept[kept.length - 1];
    if (last && compared(last, signed) === 0) {
      onFront[place] = true;
      continue;
    }
    if (kept.some((other) => covers(other, signed) && compared(other, signed) !== 0)) continue;
    onFront[place] = true;
    kept.push(signed);
  }
  return onFront;
}

function compared(a, b) {
  for (let axis = 0; axis < a.length; axis += 1) {
    if (a[axis] < b[axis]) return -1;
    if (a[axis] > b[axis]) return 1;
  }
  return 0;
}

function covers(a, b) {
  for (let axis = 0; axis < a.length; axis += 1) if (a[axis] > b[axis]) return false;
  return true;
}

// The corners of a front in one plane, from left to right: the points [x, y] that no other one dominates there.
export function staircase(points, signs) {
  const sorted = [...points].sort((a, b) => signs[0] * (a[0] - b[0]) || signs[1] * (a[1] - b[1]));
  const best = [];
  for (const point of sorted) {
    if (!best.length || signs[1] * point[1] < signs[1] * best[best.length - 1][1]) best.push(point);
  }
  return best.sort((a, b) => a[0] - b[0]);
}
