/* ---------- small charts: evidence over a common axis, and sparklines ---------- */
const DASHES = [undefined, '5 3', '1 3', '8 3 2 3', '3 2', '10 4'];

CHARTS.series = (data, width, host) => {
  const wide = Math.min(width, 620);
  const height = 190;
  const points = data.lines.flatMap((line) => line.points);
  if (points.length === 0) return sheet(wide, 20, host.dataset.label).text(0, 14, 'no points').root;
  const xs = points.map(([at]) => at);
  const ys = points.map(([, value]) => value);
  const [left, right] = [48, data.lines.length > 1 ? 96 : 10];
  const x = linear(Math.min(...xs), Math.max(...xs), left, wide - right);
  const low = Math.min(0, ...ys);
  const high = Math.max(...ys, low + 1e-9);
  const y = linear(low, high, height - 32, 18);
  const page = sheet(wide, height, host.dataset.label);
  for (const tick of ticks(low, high, 4))
    page.line(left, y(tick), wide - right, y(tick), 'gl').text(left - 6, y(tick) + 4, group(tick), '', 'end');
  for (const tick of ticks(Math.min(...xs), Math.max(...xs), wide < 400 ? 3 : 5))
    page.text(x(tick), height - 16, group(tick), '', 'middle');
  page.text(0, 10, data.yUnit).text(wide - right, height - 2, data.xUnit, '', 'end');
  let lastLabel = -Infinity;
  const ends = data.lines
    .map((line, index) => ({ line, index, end: line.points.at(-1) }))
    .filter((item) => item.end !== undefined);
  for (const { line, index } of ends)
    page.path(
      line.points.map(([at, value]) => [x(at), y(value)]),
      index === 0 ? 'ink' : 'ink3',
      index === 0 ? 1.6 : 1.3,
      DASHES[index % DASHES.length],
    );
  if (data.lines.length < 2) return page.root;
  for (const { line, end } of ends.sort((a, b) => y(a.end[1]) - y(b.end[1]))) {
    const at = Math.max(y(end[1]) + 4, lastLabel + 13);
    lastLabel = at;
    page.text(x(end[0]) + 6, at, line.name.length > 16 ? `${line.name.slice(0, 15)}…` : line.name, 'k2 halo');
  }
  return page.root;
};

CHARTS.spark = (data, width, host) => {
  const wide = Math.min(width, 300);
  const height = 30;
  const [low, high] = [Math.min(...data.values), Math.max(...data.values)];
  const pad = (high - low) * 0.12 || 1;
  const x = linear(0, Math.max(1, data.values.length - 1), 3, wide - 6);
  const y = linear(low - pad, high + pad, height - 2, 2);
  const page = sheet(wide, height, host.dataset.label);
  if (data.band && data.band.lower !== null && data.band.upper !== null)
    page.rect(3, y(data.band.upper), wide - 9, Math.max(1, y(data.band.lower) - y(data.band.upper)), 'fs');
  if (data.change !== null) page.line(x(data.change - 0.5), 0, x(data.change - 0.5), height, 'sa', 1.5);
  page.path(
    data.values.map((value, index) => [x(index), y(value)]),
    'ink',
    1.3,
  );
  const last = data.values.length - 1;
  if (last >= 0) page.dot(x(last), y(data.values[last]), 2.6, 'fi');
  page.root.setAttribute('width', wide);
  page.root.setAttribute('height', height);
  return page.root;
};
