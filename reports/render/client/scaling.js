/* ---------- capacity against instances: what each number carried, the fitted law, linear scaling ---------- */
CHARTS.scaling = (data, width, host) => {
  const [left, right, top, height] = [60, 56, 16, 300];
  const base = height - 44;
  const page = sheet(width, height, host.dataset.label);
  const bounded = data.points.filter((point) => point.lower !== null);
  if (bounded.length === 0) return page.root;
  const upperOf = (point) => point.upper ?? point.lower;
  const most = Math.max(...data.points.map((point) => point.replicas));
  const first = bounded.toSorted((a, b) => a.replicas - b.replicas)[0];
  const one = data.law ? data.law.lambda : (first.lower + upperOf(first)) / 2 / first.replicas;
  const end = most * 1.12;
  const high = 1.35 * Math.max(...bounded.map(upperOf));
  const x = linear(0, end, left, width - right);
  const y = linear(0, high, base, top);
  for (const tick of ticks(0, high, 5))
    page.line(left, y(tick), width - right, y(tick), 'gl').text(left - 6, y(tick) + 4, `${group(tick)}/s`, '', 'end');
  for (const tick of ticks(0, end, Math.min(most, 10)).filter(Number.isInteger))
    page.line(x(tick), base, x(tick), base + 4, 'gl2').text(x(tick), base + 17, group(tick), '', 'middle');
  page.text((left + width - right) / 2, base + 36, 'instances that take requests', 'k2', 'middle');
  const reach = Math.min(end, high / one);
  page.path(
    [
      [x(0), y(0)],
      [x(reach), y(one * reach)],
    ],
    'ink3',
    1.4,
    '1 4',
  );
  page.text(x(reach) + 4, y(one * reach) + 12, 'linear', 'k2 halo');
  if (data.law) {
    const { lambda, sigma, kappa } = data.law;
    const steps = Array.from({ length: 81 }, (_, index) => 1 + ((end - 1) * index) / 80);
    const curve = steps.map((n) => [n, (lambda * n) / (1 + sigma * (n - 1) + kappa * n * (n - 1))]);
    page.path(
      curve.filter(([, rate]) => rate <= high).map(([n, rate]) => [x(n), y(rate)]),
      'ink',
      1.8,
    );
    page.text(x(end) + 4, y(Math.min(high, curve.at(-1)[1])) + 4, 'law', 'k2 halo');
  }
  for (const point of bounded) {
    const upper = upperOf(point);
    page.line(x(point.replicas), y(point.lower), x(point.replicas), y(upper), 'ink', 2);
    page.dot(
      x(point.replicas),
      y((point.lower + upper) / 2),
      3.6,
      point.upper === null ? 'fw' : 'fc',
      `${point.replicas}: ${group(point.lower)} to ${point.upper === null ? 'an open end' : group(upper)} requests/s`,
    );
  }
  return page.root;
};
