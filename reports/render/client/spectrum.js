/* ---------- latency spectrum: log percentile against log latency ---------- */
const nines = (percentile) => -Math.log10(Math.max(1e-6, 1 - Math.min(percentile, 99.9999) / 100));

CHARTS.spectrum = (data, width, host) => {
  const height = 350;
  const lines = [data.corrected, data.actual, data.backend].map((line) =>
    line.filter((point) => point.value_ms > 0 && point.percentile < 100),
  );
  const [corrected, actual, backend] = lines;
  const values = [...lines.flat().map((point) => point.value_ms), ...data.promises.map((promise) => promise.limit_ms)];
  const [low, high] = [Math.min(...values) * 0.8, Math.max(...values) * 1.3];
  const deepest = Math.max(2, ...lines.flat().map((point) => nines(point.percentile)));
  const x = linear(nines(40), deepest * 1.02, 44, width - 10);
  const y = logarithmic(low, high, height - 30, 14);
  const page = sheet(width, height, host.dataset.label);
  for (const tick of decades(low, high))
    page.line(44, y(tick), width - 4, y(tick), 'gl').text(38, y(tick) + 4, milliseconds(tick), '', 'end');
  for (const percentile of [50, 90, 95, 99, 99.9, 99.99].filter((candidate) => nines(candidate) <= deepest * 1.01)) {
    page
      .line(x(nines(percentile)), height - 30, x(nines(percentile)), height - 26, 'gl2')
      .text(
        x(nines(percentile)),
        height - 13,
        `P${percentile}`,
        '',
        width - x(nines(percentile)) < 30 ? 'end' : 'middle',
      );
  }
  const points = (line) =>
    line.filter((point) => point.percentile >= 40).map((point) => [x(nines(point.percentile)), y(point.value_ms)]);
  if (corrected.length > 1 && actual.length > 1) page.path([...points(actual), ...points(corrected).reverse()], 'area');
  page
    .path(points(backend), 'ink3', 1.3, '1 3')
    .path(points(actual), 'ink3', 1.3, '5 3')
    .path(points(corrected), 'ink', 2);
  for (const promise of data.promises) {
    const at = x(nines(promise.percentile));
    const wide = promise.percentile >= 99;
    page.line(at, y(promise.measured_ms), at, y(promise.limit_ms), 'gl2 dots');
    page.line(at - 11, y(promise.limit_ms), at + 11, y(promise.limit_ms), 'cap', 1.8);
    const beside = wide
      ? { x: at, y: -7, anchor: 'middle' }
      : at < 130
        ? { x: at - 11, y: -7, anchor: 'start' }
        : { x: at - 14, y: 4, anchor: 'end' };
    page.text(
      beside.x,
      y(promise.limit_ms) + beside.y,
      `< ${milliseconds(promise.limit_ms)}`,
      'k2 halo',
      beside.anchor,
    );
    const colour = { conforms: 'fc', deviates: 'fd', inconclusive: 'fw' }[promise.verdict] ?? 'fn';
    page
      .dot(at, y(promise.measured_ms), 3.6, colour)
      .text(at + 6, y(promise.measured_ms) + 14, milliseconds(promise.measured_ms), 'k halo');
  }
  const name = (line, text, className, offset) => {
    const last = points(line).at(-1);
    if (last) page.text(Math.min(width - 6, last[0]), last[1] + offset, text, className, 'end');
  };
  name(corrected, actual.length > 1 ? 'corrected' : '', 'k halo', -9);
  name(actual, 'actual', 'k2 halo', 18);
  if (backend.length > 1) name(backend, 'backends', 'k2 halo', 32);
  return page.root;
};
