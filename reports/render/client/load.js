/* ---------- offered and achieved, the 99 % rule, latency, and every container on one axis ---------- */
const peak = (points) => points.reduce((most, [, value]) => Math.max(most, value), 0);

/** Value of a series at a time: the last point at or before it. */
function valueAt(points, time) {
  let found = null;
  for (const [at, value] of points) {
    if (at > time) break;
    found = value;
  }
  return found;
}

/** Containers are watched a little longer than the load lasts: the points until then, and one on the way to the next. */
function until(points, end) {
  const next = points.findIndex(([at]) => at > end);
  if (next < 1) return next === 0 ? [] : points;
  const [[from, before], [to, after]] = [points[next - 1], points[next]];
  return [...points.slice(0, next), [end, before + ((after - before) * (end - from)) / (to - from)]];
}

const CURVES = [
  { place: 7, name: 'P99', className: 'ink3', width: 1, dashes: '1 3' },
  { place: 6, name: 'P95', className: 'ink3', width: 1.2, dashes: '5 3' },
  { place: 5, name: 'P50', className: 'ink', width: 1.6, dashes: '' },
];

/** Percentiles of each second on a logarithmic axis, with the promised limits. */
function latencyRows(page, data, x, top, layout) {
  const height = 96;
  const { narrow, left, right, width } = layout;
  const seen = data.buckets.flatMap((bucket) => bucket.slice(5)).filter((value) => value > 0);
  if (seen.length === 0) return;
  const [low, high] = [Math.min(...seen) * 0.8, Math.max(...seen, ...data.limits_ms) * 1.3];
  const y = logarithmic(low, high, top + height, top);
  for (const tick of decades(low, high)) levelLine(page, layout, y(tick), milliseconds(tick));
  for (const limit of data.limits_ms) page.line(left, y(limit), width - right, y(limit), 'sla');
  if (!narrow) page.text(0, top + 10, 'latency', 'k2');
  for (const { place, name, className, width: stroke, dashes } of CURVES) {
    const points = data.buckets.filter((bucket) => bucket[place] > 0);
    page.path(
      points.map((bucket) => [x(bucket[0] + data.seconds / 2), y(bucket[place])]),
      className,
      stroke,
      dashes,
    );
    const last = points.at(-1);
    if (last)
      page.text(narrow ? width : width - right + 8, y(last[place]) + 4, name, 'k2 halo', narrow ? 'end' : 'start');
  }
}

/** All work on the cores of each side, every container's processor on one scale, and of what is read inside them each curve on a scale of its own. */
function stripGroups({ resources, cores, inside }) {
  const sides = cores.map(({ label, count, points }) => ({
    label,
    points,
    most: count,
    note: `at most ${group(peak(points))} of ${count}`,
  }));
  const most = Math.max(1, ...resources.map(({ cpu }) => peak(cpu)));
  const processors = resources.map(({ name, role, cpu, memory_mib }) => ({
    label: role === 'instrument' ? `${name}, instrument` : name,
    points: cpu,
    most,
    note: `at most ${group(peak(cpu))}, ${group(Math.round(memory_mib))} MiB`,
  }));
  const others = inside.map(({ label, points }) => ({
    label,
    points,
    most: Math.max(1, peak(points)),
    note: `at most ${group(peak(points))}`,
  }));
  return [
    { title: 'Cores, all work (full height is all cores of a side)', strips: sides },
    { title: `CPU, cores (full height ${group(most)})`, strips: processors },
    { title: 'Inside the container that has most of it (full height is its peak)', strips: others },
  ].filter(({ strips }) => strips.length > 0);
}

const stripHeight = ({ narrow }) => (narrow ? 40 : 28);
const GROUP_GAP = 30;

const groupsHeight = (groups, layout) =>
  groups.reduce(
    (sum, { strips }) => sum + strips.length * stripHeight(layout),
    GROUP_GAP * Math.max(0, groups.length - 1),
  );

/** Small curves below each other, with a name at the left and a figure at the right that the reading line replaces. */
function stripRows(page, groups, x, start, layout) {
  const { narrow, left, width } = layout;
  let top = start;
  let row = 0;
  for (const { title, strips } of groups) {
    page.text(narrow ? 0 : left, top - 6, title);
    for (const { label, points, most, note } of strips) {
      const base = top + (narrow ? 36 : 22);
      const y = linear(0, most, base, base - 20);
      const textAt = narrow ? base - 24 : base - 5;
      page.text(0, textAt, fit(label, narrow ? width - 80 : left - 6), 'k2');
      page.line(left, base, width - layout.right, base, 'gl2');
      const drawn = points.map(([at, value]) => [x(at), y(value)]);
      if (drawn.length > 0) {
        page.path([[drawn[0][0], base], ...drawn, [drawn.at(-1)[0], base]], 'area');
        page.path(drawn, 'ink3', 1);
      }
      page.add('text', { x: width, y: textAt, 'text-anchor': 'end', class: 'k2', 'data-row': row }, note);
      row += 1;
      top += stripHeight(layout);
    }
    top += GROUP_GAP;
  }
}

/** Caption of the reading line, which also puts each container's use at that time beside its row. */
function readLoad(page, data, strips) {
  const rows = $$('[data-row]', page.root);
  const rest = rows.map((node) => node.textContent);
  return (index) => {
    const bucket = data.buckets[index];
    rows.forEach((node, row) => {
      const value = bucket ? valueAt(strips[row].points, bucket[0]) : null;
      node.textContent = value === null ? rest[row] : group(value);
    });
    if (!bucket) return '';
    const [at, offered, achieved, dropped, errors, , p95_ms] = bucket;
    return `${at} s: ${group(achieved)} of ${group(offered)}${dropped > 0 ? `, ${dropped} dropped` : ''}${errors > 0 ? `, ${errors} errors` : ''}${p95_ms > 0 ? `, P95 ${milliseconds(p95_ms)}` : ''}`;
  };
}

CHARTS.load = (recorded, width, host) => {
  const { end } = recorded;
  const layout = loadLayout(width, end);
  const { narrow, x } = layout;
  const inTime = (points) => until(points, end);
  const resources = recorded.resources.map((resource) => ({ ...resource, cpu: inTime(resource.cpu) }));
  const cores = recorded.cores.map((side) => ({ ...side, points: inTime(side.points) }));
  const inside = recorded.inside.map((strip) => ({ ...strip, points: inTime(strip.points) }));
  const data = { ...recorded, resources };
  const groups = stripGroups({ resources, cores, inside });
  const most = Math.max(1, ...data.buckets.map((bucket) => Math.max(bucket[1], bucket[2]))) * 1.15;
  const base = layout.top + 130;
  const y = linear(0, most, base, layout.top);
  const ratioTop = base + 30;
  const latencyTop = ratioTop + 62;
  const hasLatency = data.buckets.some((bucket) => bucket[5] > 0);
  const resourcesTop = hasLatency ? latencyTop + 126 : latencyTop;
  const bottom = resourcesTop + groupsHeight(groups, layout);
  layout.bottom = bottom;
  const page = sheet(width, bottom + 26, host.dataset.label);
  warmUp(page, layout, data.warmup_s);
  for (const at of data.invalid)
    page.rect(x(at), layout.top, Math.max(2, x(at + data.seconds) - x(at)), bottom - layout.top, 'behind');
  for (const tick of ticks(0, most, 4)) levelLine(page, layout, y(tick), group(tick));
  if (!narrow) page.text(0, layout.top + 10, 'requests a second', 'k2');
  const series = (place) => data.buckets.map((bucket) => [x(bucket[0] + data.seconds / 2), y(bucket[place])]);
  page.path(series(1), 'ink3 wide-line', 4).path(series(2), 'ink', 1.4);
  page.text(width - layout.right, layout.top + 10, 'offered (wide) and achieved (thin)', 'k2 halo', 'end');
  const ratio = linear(0.97, 1.005, ratioTop + 34, ratioTop);
  page.text(0, narrow ? ratioTop - 6 : ratioTop + 14, 'achieved / offered', 'k2');
  page
    .line(layout.left, ratio(1), width - layout.right, ratio(1), 'gl')
    .line(layout.left, ratio(0.99), width - layout.right, ratio(0.99), 'sla');
  page.text(
    narrow ? width : width - layout.right + 8,
    ratio(0.99) + (narrow ? 12 : 4),
    'needs 99 %',
    'halo',
    narrow ? 'end' : 'start',
  );
  const shares = data.buckets
    .filter((bucket) => bucket[1] > 0)
    .map((bucket) => [x(bucket[0] + data.seconds / 2), ratio(Math.max(0.97, Math.min(1.005, bucket[2] / bucket[1])))]);
  page.path(shares, 'ink', 1.2);
  if (hasLatency) latencyRows(page, data, x, latencyTop, layout);
  stripRows(page, groups, x, resourcesTop, layout);
  timeTicks(page, layout);
  readingLine(
    host,
    page,
    layout,
    data.buckets.map(([at]) => at),
    data.seconds,
    readLoad(
      page,
      data,
      groups.flatMap(({ strips }) => strips),
    ),
  );
  return page.root;
};
