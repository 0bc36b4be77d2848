/** What was seen, as text: nothing in here becomes markup. */
import { reduceSeries } from '../reduce.ts';
import { markup } from '../markup.ts';
import { chart, figures, table } from './parts.ts';
import type { Evidence } from '../../record/types.ts';
import type { Markup } from '../markup.ts';

/** Longer texts are cut on the page; the record has them whole. */
const MAX_TEXT = 12_000;
const MAX_LINES = 200;
const MAX_ROWS = 200;
/** Points a line that a small chart can show without losing its extremes. */
const MAX_POINTS = 1200;

function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  return `${text.slice(0, MAX_TEXT)}\n… ${text.length - MAX_TEXT} more characters in record.json`;
}

function box(title: string, text: string): Markup {
  return markup`<div>
    <p class="lab">${title}</p>
    <pre class="box" tabindex="0" role="group" aria-label="${title}">${cut(text)}</pre>
  </div>`;
}

function cutLines(all: readonly string[]): string {
  const more = all.length > MAX_LINES ? `\n… ${all.length - MAX_LINES} more lines in record.json` : '';
  return all.slice(0, MAX_LINES).join('\n') + more;
}

function exchange(item: Extract<Evidence, { kind: 'exchange' }>): Markup {
  return markup`<div class="xc">
    <p class="lab">${item.title}</p>
    <pre class="box rq" tabindex="0" role="group" aria-label="${item.title}: request">${cut(item.request)}</pre>
    <pre class="box rs" tabindex="0" role="group" aria-label="${item.title}: response">${cut(item.response)}</pre>
  </div>`;
}

function series(item: Extract<Evidence, { kind: 'series' }>): Markup {
  const drawn = {
    ...item,
    lines: item.lines.map((line) => ({ ...line, points: reduceSeries(line.points, MAX_POINTS) })),
  };
  const rows = item.lines.flatMap((line) => line.points.slice(0, MAX_ROWS).map(([x, y]) => [line.name, x, y]));
  return markup`<div>
    <p class="lab">${item.title}</p>
    ${chart('series', drawn, `${item.title}: ${item.lines.map((line) => line.name).join(', ')}`)}${figures(['Line', item.xUnit, item.yUnit], rows)}
  </div>`;
}

/** One piece of evidence. */
export function renderEvidence(item: Evidence): Markup {
  switch (item.kind) {
    case 'exchange':
      return exchange(item);
    case 'log':
      return box(item.title, cutLines(item.lines));
    case 'config':
      return box(item.title, item.text);
    case 'table':
      return markup`<div>
        <p class="lab">${item.title}</p>
        <div class="scroll evt" tabindex="0" role="group" aria-label="${item.title}">
          ${table(item.columns, item.rows.slice(0, MAX_ROWS))}
        </div>
      </div>`;
    case 'series':
      return series(item);
  }
}
