/* ---------- requests that got no answer to count, by kind: stacked bars on the time axis ---------- */
const STACKED = [1, 0.66, 0.44, 0.28, 0.16];

CHARTS.endings = (data, width, host) => {
  const layout = loadLayout(width, data.end);
  const { narrow, top, x } = layout;
  layout.bottom = top + 72;
  const legend = narrow ? layout.bottom + 34 : top + 9;
  const bottom = Math.max(layout.bottom + 22, legend + data.kinds.length * 15 - 6);
  const page = sheet(width, bottom, host.dataset.label);
  warmUp(page, layout, data.warmup_s);
  const sums = data.columns.map(([, ...counts]) => counts.reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...sums);
  const y = linear(0, most * 1.1, layout.bottom, top);
  for (const tick of ticks(0, most, 3)) levelLine(page, layout, y(tick), group(tick));
  if (!narrow) page.text(0, top + 10, data.seconds > 1 ? `in ${data.seconds} s` : 'a second', 'k2');
  // Failures share a colour and differ in strength; what a limiter refused is no failure.
  const failed = data.kinds.filter(({ refused }) => !refused);
  const ink = data.kinds.map((kind) =>
    kind.refused ? { class: 'f3', opacity: 0.45 } : { class: 'fd', opacity: STACKED[failed.indexOf(kind)] ?? 0.1 },
  );
  for (const [at, ...counts] of data.columns) {
    const wide = Math.max(1, x(Math.min(data.end, at + data.seconds)) - x(at) - 0.4);
    let below = 0;
    counts.forEach((count, kind) => {
      if (count === 0) return;
      const [lower, upper] = [y(below), y(below + count)];
      page.add('rect', {
        x: round(x(at)),
        y: round(upper),
        width: round(wide),
        height: round(lower - upper),
        ...ink[kind],
      });
      below += count;
    });
  }
  timeTicks(page, layout);
  // The uppermost part of a bar is the last kind.
  data.kinds.toReversed().forEach(({ name }, line) => {
    const left = narrow ? 0 : width - layout.right + 8;
    const base = legend + line * 15;
    page.add('rect', { x: left, y: base - 9, width: 10, height: 10, ...ink[data.kinds.length - 1 - line] });
    page.text(left + 15, base, fit(name, narrow ? width - 20 : layout.right - 24), 'k2');
  });
  readingLine(
    host,
    page,
    layout,
    data.columns.map(([at]) => at),
    data.seconds,
    (index) => {
      if (index < 0) return '';
      const [at, ...counts] = data.columns[index];
      const parts = counts
        .map((count, kind) => (count > 0 ? `${group(count)} ${data.kinds[kind].name}` : ''))
        .filter(Boolean);
      return `${at} s: ${parts.join(', ')}`;
    },
  );
  return page.root;
};
