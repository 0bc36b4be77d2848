/* ---------- scales and labels ---------- */
const linear = (from, to, start, end) => {
  const factor = from === to ? 0 : (end - start) / (to - from);
  return (value) => start + (value - from) * factor;
};

const logarithmic = (from, to, start, end) => {
  const scale = linear(Math.log10(from), Math.log10(to), start, end);
  return (value) => scale(Math.log10(Math.max(value, from)));
};

const round = (value) => Math.round(value * 10) / 10;

const group = (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });

/** Round steps (1, 2, 5) that divide a range into about `count` parts. */
function ticks(from, to, count) {
  const raw = (to - from) / Math.max(1, count);
  if (!(raw > 0)) return [from];
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999) ?? raw;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** 1, 2, 5 of each decade within a range. */
function decades(from, to) {
  const all = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1) {
    for (const factor of [1, 2, 5]) all.push(Number((factor * 10 ** power).toPrecision(6)));
  }
  return all.filter((value) => value >= from * 0.999 && value <= to * 1.001);
}

const milliseconds = (value) =>
  value < 1000 ? `${Number(value.toPrecision(3))} ms` : `${Number((value / 1000).toPrecision(3))} s`;
