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

function resourceRows(page, data, x, start, layout) {
  const { narrow, left, width } = layout;
  const rowHeight = narrow ? 40 : 28;
  const most = Math.max(1, ...data.resources.map((resource) => peak(resource.cpu)));
  page.text(narrow ? 0 : left, start - 6, `CPU, cores (full height ${group(most)})`);
  data.resources.forEach((resource, index) => {
    const base = start + index * rowHeight + (narrow ? 36 : 22);
    const y = linear(0, most, base, base - 20);
    const highest = peak(resource.cpu);
    page.text(
      0,
      narrow ? base - 24 : base - 5,
      fit(
        resource.role === 'instrument' ? `${resource.name}, instrument` : resource.name,
        narrow ? width - 80 : left - 6,
      ),
      'k2',
    );
    page.line(left, base, width - layout.right, base, 'gl2');
    const points = resource.cpu.map(([at, value]) => [x(at), y(value)]);
    if (points.length > 0) {
      page.path([[points[0][0], base], ...points, [points.at(-1)[0], base]], 'area');
      page.path(points, 'ink3', 1);
    }
    page.add(
      'text',
      { x: width, y: narrow ? base - 24 : base - 5, 'text-anchor': 'end', class: 'k2', 'data-row': index },
      `at most ${group(highest)}, ${group(Math.round(resource.memory_mib))} MiB`,
    );
  });
  return start + data.resources.length * rowHeight;
}

/** Caption of the reading line, which also puts each container's use at that time beside its row. */
function readLoad(page, data) {
  const rows = $$('[data-row]', page.root);
  const rest = rows.map((node) => node.textContent);
  return (index) => {
    const bucket = data.buckets[index];
    rows.forEach((node, row) => {
      const value = bucket ? valueAt(data.resources[row].cpu, bucket[0]) : null;
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
  // Containers are watched a little longer than the load lasts.
  const inTime = (points) => points.filter(([at]) => at >= 0 && at <= end);
  const resources = recorded.resources.map((resource) => ({ ...resource, cpu: inTime(resource.cpu) }));
  const data = { ...recorded, resources };
  const most = Math.max(1, ...data.buckets.map((bucket) => Math.max(bucket[1], bucket[2]))) * 1.15;
  const base = layout.top + 130;
  const y = linear(0, most, base, layout.top);
  const ratioTop = base + 30;
  const latencyTop = ratioTop + 62;
  const hasLatency = data.buckets.some((bucket) => bucket[5] > 0);
  const resourcesTop = hasLatency ? latencyTop + 126 : latencyTop;
  const bottom = resourcesTop + data.resources.length * (narrow ? 40 : 28);
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
  if (data.resources.length > 0) resourceRows(page, data, x, resourcesTop, layout);
  timeTicks(page, layout);
  readingLine(
    host,
    page,
    layout,
    data.buckets.map(([at]) => at),
    data.seconds,
    readLoad(page, data),
  );
  return page.root;
};
