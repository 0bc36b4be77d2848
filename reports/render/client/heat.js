/* ---------- heat map: how many answers took how long, over time ---------- */
const SHADES = [0.12, 0.24, 0.4, 0.58, 0.78, 1];

/** Shade of a count: each stands for the same factor. */
const shadeOf = (count, most) =>
  most === 1
    ? SHADES.length - 1
    : Math.min(SHADES.length - 1, Math.floor((SHADES.length * Math.log(count)) / Math.log(most)));

/** Pairs of row and count of a column, which begins with its time. */
const cellsOf = ([, ...flat]) =>
  Array.from({ length: flat.length / 2 }, (_, index) => ({ row: flat[2 * index], count: flat[2 * index + 1] }));

/** The least count of each shade, in words, from right to left above the picture. */
function shadeLegend(page, layout, most) {
  const least = SHADES.map((_, shade) => {
    const count = Math.ceil(most ** (shade / SHADES.length) - 1e-9);
    return shadeOf(count, most) === shade ? count : null;
  });
  let right = layout.width - layout.right;
  for (let shade = SHADES.length - 1; shade >= 0; shade -= 1) {
    if (least[shade] === null) continue;
    const label = group(least[shade]);
    page.text(right, layout.bottom + 36, label, 'k2', 'end');
    right -= textWidth(label) + 4;
    page.add('rect', {
      x: round(right - 10),
      y: layout.bottom + 27,
      width: 10,
      height: 10,
      class: 'fi',
      opacity: SHADES[shade],
    });
    right -= 20;
  }
  page.text(right, layout.bottom + 36, 'answers, at least', 'k2', 'end');
}

CHARTS.heat = (data, width, host) => {
  const layout = loadLayout(width, data.end);
  const { narrow, left, right, top, x } = layout;
  const height = Math.min(170, data.rows * 10);
  layout.bottom = top + height;
  const edge_ms = (row) => 10 ** ((data.firstBin + row * data.binsInRow) / data.binsPerDecade) / 1000;
  const y = logarithmic(edge_ms(0), edge_ms(data.rows), layout.bottom, top);
  const page = sheet(width, layout.bottom + 42, host.dataset.label);
  warmUp(page, layout, data.warmup_s);
  const columns = data.columns.map((column) => ({ at: column[0], cells: cellsOf(column) }));
  const most = columns.reduce((high, { cells }) => Math.max(high, ...cells.map(({ count }) => count)), 1);
  const shapes = SHADES.map(() => []);
  for (const { at, cells } of columns) {
    const from = x(at);
    const wide = Math.max(0.6, x(Math.min(data.end, at + data.seconds)) - from);
    for (const { row, count } of cells) {
      const upper = y(edge_ms(row + 1));
      shapes[shadeOf(count, most)].push(
        `M${round(from)} ${round(upper)}h${round(wide)}v${round(y(edge_ms(row)) - upper)}h${round(-wide)}z`,
      );
    }
  }
  shapes.forEach((shape, shade) => {
    if (shape.length > 0) page.add('path', { d: shape.join(''), class: 'fi', opacity: SHADES[shade] });
  });
  for (const tick of decades(edge_ms(0), edge_ms(data.rows))) levelLine(page, layout, y(tick), milliseconds(tick));
  for (const limit of data.limits_ms)
    page
      .line(left, y(limit), width - right, y(limit), 'under', 3)
      .line(left, y(limit), width - right, y(limit), 'sla', 1.2);
  if (!narrow) page.text(0, top + 10, 'latency', 'k2');
  timeTicks(page, layout);
  shadeLegend(page, layout, most);
  readingLine(
    host,
    page,
    layout,
    columns.map(({ at }) => at),
    data.seconds,
    (index) => {
      if (index < 0) return '';
      const { at, cells } = columns[index];
      const all = cells.reduce((sum, { count }) => sum + count, 0);
      const common = cells.reduce((best, cell) => (cell.count > best.count ? cell : best));
      return `${at} s: ${group(all)} answers, ${group(common.count)} of them in ${milliseconds(edge_ms(common.row))} to ${milliseconds(edge_ms(common.row + 1))}, slowest below ${milliseconds(edge_ms(cells.at(-1).row + 1))}`;
    },
  );
  return page.root;
};
