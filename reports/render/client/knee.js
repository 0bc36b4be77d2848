/* ---------- capacity: latency against offered load ---------- */
CHARTS.knee = (data, width, host) => {
  const [left, right, top, height] = [52, 56, 16, 320];
  const base = height - 30;
  const steps = data.steps.filter((step) => step.p50_ms > 0).toSorted((a, b) => a.rate_perS - b.rate_perS);
  const page = sheet(width, height, host.dataset.label);
  if (steps.length === 0) return page.root;
  const values = steps.flatMap((step) => [step.p50_ms, step.p95_ms, step.p99_ms]);
  const [low, high] = [Math.min(...values) * 0.8, Math.max(...values) * 1.3];
  const end = Math.max(...steps.map((step) => step.rate_perS)) * 1.05;
  const x = linear(0, end, left, width - right);
  const y = logarithmic(low, high, base, top);
  const lower = data.lower ?? 0;
  if (data.upper !== null) page.rect(x(lower), top, Math.max(2, x(data.upper) - x(lower)), base - top, 'behind');
  for (const tick of decades(low, high))
    page.line(left, y(tick), width - right, y(tick), 'gl').text(left - 6, y(tick) + 4, milliseconds(tick), '', 'end');
  for (const tick of ticks(0, end, width < 640 ? 4 : 8))
    page.line(x(tick), base, x(tick), base + 4, 'gl2').text(x(tick), base + 17, `${group(tick)}/s`, '', 'middle');
  // What was offered badly, or while others had the machine, is no part of a curve.
  const told = steps.filter((step) => step.verdict !== 'invalid' && step.verdict !== 'disturbed');
  const curves = [
    ['p99_ms', 'P99', 'ink3', 1, '1 3'],
    ['p95_ms', 'P95', 'ink3', 1.2, '5 3'],
    ['p50_ms', 'P50', 'ink', 1.8, ''],
  ];
  for (const [name, label, className, stroke, dashes] of curves) {
    if (told.length === 0) continue;
    page.path(
      told.map((step) => [x(step.rate_perS), y(step[name])]),
      className,
      stroke,
      dashes,
    );
    page.text(x(told.at(-1).rate_perS) + 8, y(told.at(-1)[name]) + 4, label, 'k2 halo');
  }
  const colours = { holds: 'fc', breaks: 'fd', unclear: 'fw', disturbed: 'fn' };
  for (const step of steps)
    page.dot(
      x(step.rate_perS),
      y(step.p95_ms),
      3.6,
      colours[step.verdict] ?? 'fn',
      `${group(step.rate_perS)}/s: ${step.verdict}, P95 ${milliseconds(step.p95_ms)}`,
    );
  return page.root;
};
