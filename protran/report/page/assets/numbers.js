// Numbers for people: the digits that an error leaves, and units such as they are read.

const SYMBOLS = { us: "µs", uJ: "µJ", uW: "µW", ug: "µg" };

export function symbolText(symbol) {
  return SYMBOLS[symbol] || symbol;
}

function plain(number, decimals) {
  const text = number.toFixed(Math.min(9, Math.max(0, decimals)));
  const [whole, part] = text.split(".");
  const grouped = Math.abs(number) >= 10000 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole;
  return part === undefined ? grouped : `${grouped}.${part}`;
}

// So many significant digits, without zeros that say nothing.
export function significant(number, digits = 4) {
  if (number === null || !Number.isFinite(number)) return "–";
  if (number === 0) return "0";
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(number))));
  const text = plain(number, decimals);
  return text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text;
}

// The number without its unit, with its standard error to two digits where there is one.
export function withError(value, stderr, scale) {
  if (value === null || value === undefined) return "–";
  const shown = value / scale.factor;
  if (!stderr) return significant(shown);
  const error = stderr / scale.factor;
  const decimals = Math.max(0, 1 - Math.floor(Math.log10(error)));
  return `${plain(shown, decimals)} ± ${plain(error, decimals)}`;
}

// The same with its unit: 211.4 ± 3.5 µs.
export function quantityText(value, stderr, scale) {
  const text = withError(value, stderr, scale);
  return scale.symbol && text !== "–" ? `${text} ${symbolText(scale.symbol)}` : text;
}

const SIZES = {
  s: [[1e-9, "ns"], [1e-6, "us"], [1e-3, "ms"], [1, "s"]],
  J: [[1e-6, "uJ"], [1e-3, "mJ"], [1, "J"], [1e3, "kJ"], [1e6, "MJ"]],
  W: [[1e-3, "mW"], [1, "W"]],
  B: [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"]],
  g: [[1e-6, "ug"], [1e-3, "mg"], [1, "g"], [1e3, "kg"]],
  fraction: [[0.01, "%"]],
};

// The unit in which one value is read best.
export function scaleFor(value, unit) {
  const sizes = SIZES[unit] || [[1, ""]];
  const fitting = sizes.filter(([factor]) => Math.abs(value) >= factor);
  const [factor, symbol] = fitting.length ? fitting[fitting.length - 1] : sizes[0];
  return { factor, symbol };
}

export function amount(value, unit, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (value === 0) return unit === "count" ? "0" : `0 ${unit === "fraction" ? "%" : unit}`;
  const scale = scaleFor(value, unit);
  const text = significant(value / scale.factor, digits);
  return scale.symbol ? `${text} ${symbolText(scale.symbol)}` : text;
}

export function count(number, noun) {
  return `${significant(number, 9)} ${noun}${number === 1 ? "" : "s"}`;
}

// Seconds as people say them: 4 min 20 s.
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 60) return amount(seconds, "s");
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return h ? `${h} h ${m} min` : `${m} min ${s} s`;
}

export function moment(stamp) {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(stamp || "") ? `${stamp.slice(0, 10)} ${stamp.slice(11, 16)} UTC` : stamp || "–";
}
