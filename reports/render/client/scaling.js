/* ---------- capacity against instances: what each number carried, the fitted law, linear scaling ---------- */
CHARTS.scaling = (data, width, host) => {
  const [left, right, top, height] = [60, 56, 16, 300];
  const base = height - 44;
  const page = sheet(width, height, host.dataset.label);
  const points = data.points
    .filter((point) => point.lower !== null)
    .map((point) => ({ ...point, middle: (point.lower + (point.upper ?? point.lower)) / 2 }))
    .toSorted((a, b) => a.replicas - b.replicas);
  if (points.length === 0) return page.root;
  const end = Math.max(...points.map((point) => point.replicas)) * 1.12;
  const high = 1.35 * Math.max(...points.map((point) => point.upper ?? point.lower));
  const x = linear(0, end, left, width - right);
  const y = linear(0, high, base, top);
  for (const tick of ticks(0, high, 5))
    page.line(left, y(tick), width - right, y(tick), 'gl').text(left - 6, y(tick) + 4, `${group(tick)}/s`, '', 'end');
  for (const tick of new Set([0, ...points.map((point) => point.replicas)]))
    page.line(x(tick), base, x(tick), base + 4, 'gl2').text(x(tick), base + 17, group(tick), '', 'middle');
  page.text((left + width - right) / 2, base + 36, 'instances that take requests', 'k2', 'middle');
  const line = (rateOf, from, className, stroke, dashes) => {
    const all = Array.from({ length: 81 }, (_, index) => from + ((end - from) * index) / 80);
    const drawn = all.filter((n) => rateOf(n) <= high).map((n) => [x(n), y(rateOf(n))]);
    page.path(drawn, className, stroke, dashes);
    return drawn.at(-1) ?? [x(from), base];
  };
  const known = points.find((point) => point.upper !== null) ?? points[0];
  const one = data.law ? data.law.lambda : known.middle / known.replicas;
  const [linearX, linearY] = line((n) => one * n, 0, 'ink3', 1.4, '1 4');
  page.text(linearX + 5, linearY + 12, 'linear', 'k2 halo');
  if (data.law) {
    const { lambda, sigma, kappa } = data.law;
    const [lawX, lawY] = line((n) => (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1)), 1, 'ink', 1.8);
    page.text(lawX + 5, lawY + 12, 'law', 'k2 halo');
  }
  for (const { replicas, lower, upper, middle } of points) {
    const at = x(replicas);
    const ends = upper === null ? [lower] : [lower, upper];
    for (const bound of ends) page.line(at - 5, y(bound), at + 5, y(bound), 'ink', 2);
    // Nothing is known above an open end.
    if (upper === null)
      page.path(
        [y(lower), top].map((to) => [at, to]),
        'ink3',
        1.4,
        '2 3',
      );
    else page.line(at, y(lower), at, y(upper), 'ink', 2);
    const range = upper === null ? `at least ${group(lower)}` : `${group(lower)} to ${group(upper)}`;
    page.dot(at, y(middle), 3, upper === null ? 'fn' : 'fc', `${replicas}: ${range} requests/s`);
  }
  return page.root;
};
