/* ---------- one trial: answered probes above the line, failed ones below ---------- */
let hatches = 0;

/** Numbered marks that must not cover one another. */
function eventLane(page, data, x, y, width, narrow) {
  const gap = 17;
  const from = x.range[0];
  page.text(0, y + (narrow ? 11 : 19), 'events', 'k2');
  const middle = y + (narrow ? 27 : 16);
  let last = -Infinity;
  data.events.forEach((at, index) => {
    const exact = Math.min(Math.max(x(at), from + 8), width - 8);
    const place = Math.max(exact, last + gap);
    if (place > width - 8) return;
    last = place;
    page.path(
      [
        [exact, middle - 14],
        [exact, middle - 11],
        [place, middle - 7],
      ],
      'ink3',
      1,
    );
    page.dot(place, middle, 7.5, 'mark').text(place, middle + 4, index + 1, 'k2', 'middle');
  });
}

/** States of one thing, one bar after another. */
function stateLane(page, lane, x, y, width, narrow, hatch) {
  page.text(0, y + (narrow ? 11 : 19), fit(lane.name, narrow ? width : x.range[0] - 6), 'k2');
  const top = y + (narrow ? 17 : 7);
  for (const span of lane.spans) {
    const left = Math.max(x(span.from), x.range[0]);
    const right = Math.min(x(span.to), width);
    if (right <= left) continue;
    if (span.kind === 'timer') {
      page
        .line(left, top + 9, right, top + 9, 'sa', 1.5)
        .line(left, top + 4, left, top + 14, 'sa', 1.5)
        .line(right, top + 4, right, top + 14, 'sa', 1.5);
      if (textWidth(span.state) < right - left) page.text((left + right) / 2, top + 4, span.state, 'k2', 'middle');
      continue;
    }
    const style = { active: 'st-active', standby: 'st-standby', down: '' }[span.kind];
    if (span.kind === 'down')
      page.add('rect', {
        x: round(left),
        y: round(top),
        width: round(right - left),
        height: 17,
        fill: `url(#${hatch})`,
        rx: 2,
      });
    else page.rect(left + 0.5, top, right - left - 1, 17, style, 2);
    if (textWidth(span.state) + 8 < right - left)
      page.text(left + 6, top + 12.5, span.state, span.kind === 'active' ? 'on' : 'k2 halo');
  }
}

CHARTS.timeline = (data, width, host) => {
  const narrow = width < 640;
  const left = narrow ? 0 : 126;
  const laneHeight = narrow ? 45 : 34;
  const top = 28;
  const times = [...data.probes.map(([at]) => at), ...data.events, 0, data.fault.healed];
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const x = linear(from, to, left, width - 1);
  x.range = [left, width - 1];
  const lanes = 1 + data.lanes.length + (data.events.length > 0 ? 1 : 0);
  const bottom = top + lanes * laneHeight;
  const page = sheet(width, bottom + 26, host.dataset.label);
  const hatch = `hatch-${(hatches += 1)}`;
  page.hatch(hatch);
  page.rect(x(0), top - 8, x(data.fault.reverted) - x(0), bottom - top + 10, 'fault');
  page.line(x(0), top - 8, x(0), bottom + 2, 'sd', 1.5).text(x(0) + 5, top - 14, 'fault', 'k');
  if (data.fault.reverted < to) {
    const end = x(data.fault.reverted);
    page.line(end, top - 8, end, bottom + 2, 'gl2', 1);
    if (end - x(0) > 110) page.text(end - 5, top - 14, narrow ? 'undone' : 'fault undone', 'k2', 'end');
  }
  if (data.limit_ms !== null && data.limit_ms <= to) {
    const limit = x(data.limit_ms);
    page.line(limit, top - 8, limit, bottom + 2, 'sla');
    const label = `promise: ${milliseconds(data.limit_ms)}`;
    const free = limit - x(0) > 40 && x(data.fault.reverted) - limit > textWidth(label) + 84;
    page.text(limit + 4, free ? top - 14 : bottom - 4, label, 'k2 halo');
  }
  let y = top;
  const base = y + (narrow ? 28 : 16);
  page.text(0, y + (narrow ? 11 : 19), 'requests', 'k2');
  const strokes = (ok) =>
    data.probes
      .filter((probe) => Boolean(probe[1]) === ok)
      .map(([at]) => `M${round(x(at))} ${ok ? base - 1 : base + 1}v${ok ? -9 : 9}`)
      .join('');
  page.add('path', { d: strokes(true) || 'M0 0', class: 'sc', 'stroke-width': 1, opacity: 0.8 });
  page.add('path', { d: strokes(false) || 'M0 0', class: 'sd', 'stroke-width': 1.3 });
  page.line(left, base, width, base, 'gl2');
  y += laneHeight;
  for (const lane of data.lanes) {
    stateLane(page, lane, x, y, width, narrow, hatch);
    y += laneHeight;
  }
  if (data.events.length > 0) eventLane(page, data, x, y, width, narrow);
  page.line(left, bottom + 2, width, bottom + 2, 'gl2');
  const marks = ticks(from / 1000, to / 1000, narrow ? 4 : 8);
  for (const tick of marks) {
    const at = x(tick * 1000);
    const label = tick === 0 ? '0' : `${tick > 0 ? '+' : '−'}${group(Math.abs(tick))} s`;
    page
      .line(at, bottom + 2, at, bottom + 6, 'gl2')
      .text(at, bottom + 19, label, '', at - left < 20 ? 'start' : width - at < 24 ? 'end' : 'middle');
  }
  return page.root;
};
