/* ---------- the time axis that all pictures of a load have in common, and the line that is moved along it ---------- */
function loadLayout(width, end) {
  const narrow = width < 640;
  const [left, right] = narrow ? [0, 0] : [150, 132];
  return { narrow, width, end, left, right, top: 16, bottom: 0, x: linear(0, end, left, width - right) };
}

/** Hatches the warm-up, which is not counted. */
function warmUp(page, layout, warmup_s) {
  if (!(warmup_s > 0)) return;
  const { x, end, top, bottom } = layout;
  const hatch = `hatch-${(hatches += 1)}`;
  page
    .hatch(hatch)
    .add('rect', {
      x: round(x(0)),
      y: top,
      width: round(x(Math.min(end, warmup_s)) - x(0)),
      height: bottom - top,
      fill: `url(#${hatch})`,
      opacity: 0.55,
    })
    .text(x(0) + 3, top - 4, 'warm-up', 'k2');
}

function timeTicks(page, { narrow, width, right, bottom, end, x }) {
  for (const tick of ticks(0, end, narrow ? 4 : 8))
    page
      .line(x(tick), bottom, x(tick), bottom + 4, 'gl2')
      .text(
        x(tick),
        bottom + 17,
        `${group(tick)} s`,
        '',
        tick === 0 ? 'start' : width - right - x(tick) < 14 ? 'end' : 'middle',
      );
}

/** A horizontal line with its label: beside the plot, or on it where there is no room. */
function levelLine(page, { narrow, width, left, right }, y, label) {
  page
    .line(left, y, width - right, y, 'gl')
    .text(narrow ? 0 : left - 8, y + (narrow ? -3 : 4), label, 'halo', narrow ? 'start' : 'end');
}

/**
 * The line that pointer or arrow keys move over columns of `seconds` that begin at `starts`.
 * `say(index)` gives its caption; −1: the line is gone.
 */
function readingLine(host, page, layout, starts, seconds, say) {
  const { x, top, bottom, width } = layout;
  const cross = svg('g', { visibility: 'hidden' }, svg('line', { y1: top, y2: bottom, x1: 0, x2: 0, class: 'sa' }));
  const caption = svg('text', { x: width, y: top - 4, 'text-anchor': 'end', class: 'k halo' });
  page.root.append(cross, caption);
  let at = -1;
  const show = (index) => {
    at = index;
    const there = index >= 0;
    cross.setAttribute('visibility', there ? 'visible' : 'hidden');
    if (there) cross.setAttribute('transform', `translate(${round(x(starts[index] + seconds / 2))})`);
    caption.textContent = say(index);
  };
  const nearest = (pixel) => {
    const box = page.root.getBoundingClientRect();
    const place = ((pixel - box.left) / box.width) * width;
    const half = Math.abs(x(seconds) - x(0)) / 2 + 0.5;
    return starts.findIndex((start) => Math.abs(x(start + seconds / 2) - place) <= half);
  };
  host.tabIndex = 0;
  host.setAttribute('role', 'group');
  host.setAttribute('aria-label', host.dataset.label);
  host.onpointermove = (event) => show(nearest(event.clientX));
  host.onpointerleave = () => show(-1);
  host.onblur = () => show(-1);
  host.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    show(Math.max(0, Math.min(starts.length - 1, at < 0 ? 0 : at + step)));
    announce(caption.textContent);
  };
}
