/* ---------- all trials: lower to upper bound, in their order ---------- */
const within = (trial, limit) => limit === null || trial.upper <= limit;
const trialClass = (trial, limit) => (!trial.valid ? 'sn' : within(trial, limit) ? 'sc' : 'sd');

CHARTS.strip = (variants, width, host) => {
  const bounds = variants.flatMap((variant) => [
    ...variant.trials.map((trial) => trial.upper),
    ...(variant.predicted ?? []),
    variant.limit ?? 0,
  ]);
  const x = linear(0, Math.max(0.1, ...bounds) * 1.08, 2, width - 2);
  const rowHeight = Math.max(3.7, Math.min(12, 220 / Math.max(1, ...variants.map((variant) => variant.trials.length))));
  const blocks = variants.map((variant) => ({ variant, height: variant.trials.length * rowHeight + 34 }));
  const bottom = blocks.reduce((sum, block) => sum + block.height, 6) + 6;
  const page = sheet(width, bottom + 24, host.dataset.label);
  for (const tick of ticks(0, Math.max(0.1, ...bounds) * 1.08, width < 500 ? 4 : 7)) {
    const at = x(tick);
    page
      .line(at, 4, at, bottom, 'gl')
      .text(at, bottom + 16, `${group(tick)} s`, '', tick === 0 ? 'start' : width - at < 24 ? 'end' : 'middle');
  }
  page.line(2, bottom, width - 2, bottom, 'gl2');
  let y = 6;
  for (const { variant, height } of blocks) {
    const top = y + 26;
    const kept = variant.trials.filter((trial) => trial.valid && within(trial, variant.limit)).length;
    const valid = variant.trials.filter((trial) => trial.valid).length;
    const rows = variant.trials.length * rowHeight;
    if (variant.predicted)
      page.rect(
        x(variant.predicted[0]),
        top,
        Math.max(2, x(variant.predicted[1]) - x(variant.predicted[0])),
        rows,
        'predict',
      );
    page.text(
      4,
      y + 16,
      `${variant.variant}${variant.limit === null ? '' : `: ${kept} of ${valid} in time`}`,
      'k halo',
    );
    variant.trials.forEach((trial, index) => {
      const middle = top + (index + 0.5) * rowHeight;
      const from = x(trial.lower);
      const to = Math.max(from + 4, x(trial.upper));
      page.add(
        'line',
        {
          x1: round(from),
          x2: round(to),
          y1: round(middle),
          y2: round(middle),
          class: trialClass(trial, variant.limit),
          'stroke-width': Math.min(5, rowHeight * 0.7),
        },
        svg(
          'title',
          {},
          `trial ${index + 1}: ${group(trial.lower)} to ${group(trial.upper)} s, ${trial.failed} failed${trial.valid ? '' : ', thrown away'}`,
        ),
      );
    });
    y += height;
  }
  const limit = variants.find((variant) => variant.limit !== null)?.limit;
  if (limit !== undefined) {
    const at = x(limit);
    page.line(at, 4, at, bottom, 'sla', 1.5).text(at - 6, 14, `promise: ${group(limit)} s`, 'k2 halo', 'end');
  }
  return page.root;
};

CHARTS.phase = (variants, width, host) => {
  const height = 320;
  const trials = variants.flatMap((variant) => variant.trials.map((trial) => ({ ...trial, limit: variant.limit })));
  const phases = Math.max(0.1, ...trials.map((trial) => trial.phase));
  const outages =
    Math.max(0.1, ...trials.map((trial) => trial.upper), ...variants.map((variant) => variant.limit ?? 0)) * 1.06;
  const x = linear(0, phases, 40, width - 6);
  const y = linear(0, outages, height - 34, 20);
  const page = sheet(width, height, host.dataset.label);
  for (const tick of ticks(0, outages, 6))
    page.line(40, y(tick), width, y(tick), 'gl').text(34, y(tick) + 4, group(tick), '', 'end');
  for (const tick of ticks(0, phases, 4))
    page.text(x(tick), height - 17, group(tick), '', width - x(tick) < 20 ? 'end' : 'middle');
  page.text(0, 10, 'outage, s').text(width, height - 2, 'phase of the fault, s', '', 'end');
  for (const trial of trials)
    page.dot(
      x(trial.phase),
      y((trial.lower + trial.upper) / 2),
      2.6,
      !trial.valid ? 'fn' : within(trial, trial.limit) ? 'fc' : 'fd',
      `${group(trial.phase)} s: ${group(trial.lower)} to ${group(trial.upper)} s`,
    );
  const limit = variants.find((variant) => variant.limit !== null)?.limit;
  if (limit !== undefined)
    page
      .line(40, y(limit), width, y(limit), 'sla', 1.4)
      .text(44, y(limit) + 14, `promise: ${group(limit)} s`, 'k2 halo');
  return page.root;
};
