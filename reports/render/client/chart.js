/* ---------- drawing at the width a chart really has, so that text stays 11 px ---------- */
const CHARTS = {};
const DRAWN_AT = new WeakMap();

/** A sheet to draw on; every method returns the sheet. */
function sheet(width, height, label) {
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  // Never stretched: a chart that is drawn narrower than its place stays so.
  root.style.maxWidth = `${width}px`;
  const add = (tag, attributes, ...children) => {
    root.append(svg(tag, attributes, ...children));
    return api;
  };
  const api = {
    root,
    add,
    text: (x, y, text, className = '', anchor = 'start') =>
      add('text', { x: round(x), y: round(y), class: className, 'text-anchor': anchor }, String(text)),
    line: (x1, y1, x2, y2, className, width_px) =>
      add('line', {
        x1: round(x1),
        y1: round(y1),
        x2: round(x2),
        y2: round(y2),
        class: className,
        'stroke-width': width_px,
      }),
    rect: (x, y, w, h, className, rx) =>
      add('rect', {
        x: round(x),
        y: round(y),
        width: round(Math.max(0, w)),
        height: round(Math.max(0, h)),
        class: className,
        rx,
      }),
    path: (points, className, width_px, dash) =>
      points.length === 0
        ? api
        : add('path', {
            d: `M${points.map(([x, y]) => `${round(x)} ${round(y)}`).join('L')}`,
            class: className,
            'stroke-width': width_px,
            'stroke-dasharray': dash,
          }),
    dot: (x, y, r, className, title) =>
      add('circle', { cx: round(x), cy: round(y), r, class: className }, title ? svg('title', {}, title) : ''),
    hatch: (id) =>
      add(
        'defs',
        {},
        svg(
          'pattern',
          { id, width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
          svg('rect', { width: 1.4, height: 6, class: 'fl' }),
        ),
      ),
  };
  return api;
}

/** Width of a text of 11 px, near enough to keep labels apart. */
const textWidth = (text) => String(text).length * 6.2;

/** A text shortened to a width. */
function fit(text, width) {
  const most = Math.max(4, Math.floor(width / 6.4));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function draw(host) {
  const width = Math.max(220, Math.round(host.clientWidth));
  if (host.clientWidth === 0 || DRAWN_AT.get(host) === width) return;
  DRAWN_AT.set(host, width);
  const source = $(':scope > template', host);
  const drawing = CHARTS[host.dataset.chart];
  if (source === null || drawing === undefined) return;
  $$(':scope > svg', host).forEach((old) => old.remove());
  host.append(drawing(JSON.parse(source.content.textContent), width, host));
}

const watcher = new ResizeObserver((entries) =>
  requestAnimationFrame(() => entries.forEach((entry) => draw(entry.target))),
);

/** Draws the charts below a node, now and whenever their width changes. */
function drawCharts(root) {
  for (const host of $$('[data-chart]', root)) {
    draw(host);
    watcher.observe(host);
  }
}
