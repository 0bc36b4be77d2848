/** Small pieces that every section of the page uses. */
import { markup, jsonAsText } from '../markup.ts';
import { VERDICT_TOKEN, VERDICT_WORD } from '../words.ts';
import type { Remedy, Verdict } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Row } from '../model.ts';

/** A verdict's glyph with its word for screen readers. */
export function glyph(verdict: Verdict, label = VERDICT_WORD[verdict]): Markup {
  const token = VERDICT_TOKEN[verdict];
  return markup`<svg class="g ${token}" role="img" aria-label="${label}">
    <title>${label}</title>
    <use href="#g-${token}" />
  </svg>`;
}

/** A glyph beside a word that already says it. */
export function quietGlyph(token: string): Markup {
  return markup`<svg class="g ${token}" aria-hidden="true"><use href="#g-${token}" /></svg>`;
}

/** A section: small name, finding as a full sentence, what to know, content. */
export function section(id: string, name: string, finding: string, say: Part, content: Part, partial: boolean): Markup {
  const tag = partial ? markup` <span class="tag partial">partial</span>` : null;
  return markup`<section id="${id}" aria-labelledby="h-${id}">
    <h2 id="h-${id}">${name}${tag}</h2>
    <p class="finding">${finding}</p>
    ${say === null ? null : markup`<p class="say">${say}</p>`} ${content}
  </section> `;
}

/** A sub-heading with a quiet remark. */
export function subheading(title: string, remark: Part = null): Markup {
  return markup`<div class="h3row">
    <h3>${title}</h3>
    ${remark === null ? null : markup`<span class="dim">${remark}</span>`}
  </div>`;
}

/** A link to a claim in the ledger. */
export function claimLink(row: Pick<Row, 'id' | 'short'>): Markup {
  return markup`<a class="cid" href="#${encodeURIComponent(row.id)}">${row.short}</a>`;
}

/** A remedy as coloured diff lines. */
export function diff(remedy: Pick<Remedy, 'diff'>): Markup {
  const kind = (line: string): string => (line.startsWith('+') ? 'a' : line.startsWith('-') ? 'd' : 'h');
  const lines = remedy.diff.replace(/\n$/, '').split('\n');
  return markup`<pre class="diff" tabindex="0" role="group" aria-label="Remedy as a diff">
${lines.map((line) => markup`<span class="${kind(line)}">${line === '' ? ' ' : line}</span>`)}</pre>`;
}

/** A place that the page's script draws a chart into, with the chart's data. */
export function chart(kind: string, data: unknown, label: string): Markup {
  return markup`<div class="plot" data-chart="${kind}" data-label="${label}">
    <template>${jsonAsText(data)}</template></div>`;
}

/** Figures behind a chart, folded away. */
export function figures(columns: readonly string[], rows: readonly (readonly Part[])[], title = 'Figures'): Markup {
  return markup`<details class="data">
    <summary>${title}</summary>
    <div class="scroll" tabindex="0" role="group" aria-label="${title}">${table(columns, rows)}</div>
  </details>`;
}

/** A plain table. */
export function table(columns: readonly string[], rows: readonly (readonly Part[])[]): Markup {
  return markup`<table>
    <thead>
      <tr>
        ${columns.map((column) => markup`<th scope="col">${column}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          markup`<tr>
            ${row.map((cell) => markup`<td>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

/** Own sentences with their numbers in bold. */
export function emphasise(sentence: string): readonly Markup[] {
  return sentence
    .split(/(\b\d[\d,.]* of \d[\d,.]*\d?|\b\d[\d,.]*\d|\b\d)\b/)
    .map((part, index) => (index % 2 === 1 ? markup`<b>${part}</b>` : markup`${part}`));
}

/** Lines of a document: `lines 12–15`. */
export function lines(range: readonly [number, number]): string {
  return range[0] === range[1] ? `line ${range[0]}` : `lines ${range[0]}–${range[1]}`;
}

/** Attributes that make a control filter the ledger. */
export function filterQuery(filter: Readonly<Record<string, string>>): string {
  return new URLSearchParams(filter).toString();
}
