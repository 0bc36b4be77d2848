/** Section 3: what breaks, why, and the smallest change that mends it. */
import { plural } from '../format.ts';
import { markup } from '../markup.ts';
import { deviations, remedyFor, worst } from '../model.ts';
import { breaksFinding } from '../sentences.ts';
import { renderEvidence } from './evidence.ts';
import { claimLink, diff, filterQuery, glyph, lines, section, subheading } from './parts.ts';
import type { ClaimResult, Contradiction } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model, Row } from '../model.ts';

/** So many are told in full; the others follow as a list. */
const IN_FULL = 6;

/** The section; left out when nothing was measured. */
export function breaks(model: Model): Part {
  if (model.rows.length === 0) return null;
  const all = deviations(model);
  const told = all.find((row) =>
    row.results.some((result) => result?.verdict === 'deviates' && result.story !== undefined),
  );
  const rest = all.filter((row) => row !== told);
  const fresh = rest.filter((row) =>
    row.results.some((result) => result?.verdict === 'deviates' && result.disposition === 'new'),
  );
  const full = rest.slice(0, Math.max(IN_FULL, fresh.length));
  const others = rest.slice(full.length);
  const say =
    all.length === 0
      ? null
      : 'Ordered by what nobody knew yet, then by level. Each names its mechanism and the smallest change that mends it.';
  const more =
    others.length === 0
      ? null
      : markup`<details class="data more" open>
          <summary>The other ${plural(others.length, 'deviation')}, shorter</summary>
          ${shortList(model, others)}
        </details>`;
  const link =
    all.length === 0
      ? null
      : markup`<p class="after">
          <a
            href="#ledger"
            data-filter="${filterQuery({ variant: model.variants[0] ?? 'documented', verdict: 'deviates' })}"
            >All deviations of the ${model.variants[0] ?? ''} variant in the ledger</a
          >
        </p>`;
  return section(
    'breaks',
    'What breaks and why',
    breaksFinding(model),
    say,
    [
      told === undefined ? null : story(model, told),
      full.map((row, index) => deviation(model, row, index + 1)),
      more,
      link,
      contradictions(model),
    ],
    model.record.run.partial,
  );
}

/** One deviation, step by step, with what the other variant did beside it. */
function story(model: Model, row: Row): Markup {
  const at = row.results.findIndex((result) => result?.verdict === 'deviates' && result.story !== undefined);
  const result = row.results[at];
  if (result?.story === undefined) throw new Error(`Claim ${row.id} has no story.`);
  const other = row.results.findIndex((candidate, index) => index !== at && candidate !== null);
  return markup`<article class="story">
    <p class="eyebrow">One of them, step by step</p>
    <header>
      ${glyph('deviates')}
      <div>
        <h3>${result.story.title}</h3>
        <p class="st-claim">${row.claim.statement} <span class="tag">${row.claim.level}</span> ${claimLink(row)}</p>
      </div>
    </header>
    <ol class="steps">
      ${result.story.steps.map((step) => markup`<li><span>${step}</span></li>`)}
    </ol>
    <div class="beside">
      ${column(model, at, result)}${other === -1 ? null : column(model, other, row.results[other] ?? result)}
    </div>
    <div class="cols two-thirds">
      <div>
        <p class="lab">Mechanism</p>
        <p class="why">${result.reason ?? 'Not established.'}</p>
      </div>
      ${remedyBox(model, row, result)}
    </div>
  </article>`;
}

function column(model: Model, index: number, result: ClaimResult): Markup {
  return markup`<div class="col">
    <p class="col-head">
      ${glyph(result.verdict)}<b>${model.variants[index] ?? ''}</b> <span>${result.observed}</span>
    </p>
    <div class="ev">${result.evidence.slice(0, 3).map(renderEvidence)}</div>
  </div>`;
}

function deviation(model: Model, row: Row, rank: number): Markup {
  const result = row.results.find((candidate) => candidate?.verdict === 'deviates') ?? row.claim;
  return markup`<article class="dev">
    <header>
      <span class="rk">${rank}</span>${glyph('deviates')}
      <div>
        <h3>${row.claim.statement}</h3>
        <span class="tag">${row.claim.level}</span>${tags(row)}${claimLink(row)}
      </div>
    </header>
    <div class="cols">
      <dl class="pm">
        <dt>Promised</dt>
        <dd>${result.expected} <span class="dim nw">${lines(result.source.lines)}</span></dd>
        ${model.variants.map((name, index) => measured(name, row.results[index] ?? null))}
      </dl>
      <div>
        <p class="lab">Mechanism</p>
        <p class="why">${result.reason ?? 'Not established: this deviation is in no baseline yet.'}</p>
      </div>
      ${remedyBox(model, row, result)}
    </div>
  </article>`;
}

function measured(name: string, result: ClaimResult | null): Part {
  if (result === null) return null;
  return markup`<dt>${name.replace(/^./, (first) => first.toUpperCase())}</dt>
    <dd>${glyph(result.verdict)} ${result.observed === '' ? (result.reason ?? '') : result.observed}</dd>`;
}

function remedyBox(model: Model, row: Row, result: ClaimResult): Markup {
  const remedy = remedyFor(model, row.id);
  const title = result.remedy ?? remedy?.title ?? 'None with open-source parts.';
  const file = remedy === null ? null : markup` <span class="mono dim">${remedy.file}</span>`;
  return markup`<div class="fix">
    <p class="lab">Remedy. <span class="rem">${title}</span>${file}</p>
    ${remedy === null ? null : diff(remedy)}
  </div>`;
}

/** Marks that a row carries besides its verdicts. */
export function tags(row: Row): readonly Markup[] {
  const dispositions = new Set(
    row.results.flatMap((result) =>
      result?.disposition === undefined || result.disposition === 'known' ? [] : [result.disposition],
    ),
  );
  const contradicts = row.results.some(
    (result) => result?.contradicts !== undefined || result?.contradiction !== undefined,
  );
  return [
    ...[...dispositions].map((disposition) => markup`<span class="tag t-${disposition}">${disposition}</span>`),
    ...(row.fate === 'plus' ? [markup`<span class="tag">needs Plus</span>`] : []),
    ...(contradicts ? [markup`<span class="tag">contradiction</span>`] : []),
  ];
}

function shortList(model: Model, rows: readonly Row[]): Markup {
  return markup`<ul class="short">
    ${rows.map((row) => {
      const result = worst(row) ?? row.claim;
      const remedy = result.remedy ?? remedyFor(model, row.id)?.title ?? 'no remedy with open-source parts';
      return markup`<li>
        <div>${glyph('deviates')}<span>${row.claim.statement} ${claimLink(row)} ${tags(row)}</span></div>
        <p>${result.reason ?? result.observed}</p>
        <p>${remedy}</p>
      </li>`;
    })}
  </ul>`;
}

function contradictions(model: Model): Part {
  const both = model.rows.flatMap((row) => {
    const result = row.results.find((candidate) => candidate?.contradiction !== undefined);
    return result?.contradiction === undefined ? [] : [{ row, result, contradiction: result.contradiction }];
  });
  if (both.length === 0) return givenUp(model);
  return [
    subheading(
      'Where the document contradicts itself',
      `${plural(both.length, 'place')}; the dot marks the reading that reality agrees with`,
    ),
    markup`<div class="contras">
      ${both.map(({ row, result, contradiction }) => contradictionRow(row, result, contradiction))}
    </div>`,
    givenUp(model),
  ];
}

function contradictionRow(row: Row, result: ClaimResult, contradiction: Contradiction): Markup {
  return markup`<div class="ct">
    <div><b>${contradiction.about}</b>${claimLink(row)}</div>
    ${contradiction.readings.map(
      (reading) =>
        markup`<div class="rd ${reading.agrees ? 'yes' : ''}">
          ${reading.agrees ? markup`<span class="vh">Reality agrees: </span>` : null}${reading.says}<small
            >${reading.where}</small
          >
        </div>`,
    )}
    <div><span class="dim">measured</span> ${result.observed}</div>
  </div>`;
}

/** Readings that the hardened variant gave up, each naming the claim it contradicts. */
function givenUp(model: Model): Part {
  const rows = model.rows.flatMap((row) =>
    row.results.flatMap((result) =>
      result?.verdict === 'not-applicable' && result.contradicts !== undefined
        ? [{ row, other: result.contradicts }]
        : [],
    ),
  );
  if (rows.length === 0) return null;
  return [
    subheading(
      'Readings given up',
      `${plural(rows.length, 'claim')} that the hardened variant cannot keep beside another`,
    ),
    markup`<ul class="short two-cols">
      ${rows.map(
        ({ row, other }) =>
          markup`<li>
            <div>${glyph('not-applicable')}<span>${row.claim.statement} ${claimLink(row)}</span></div>
            <p>
              contradicts <a class="cid" href="#${encodeURIComponent(other)}">${other.split('.').slice(1).join('.')}</a>
            </p>
          </li>`,
      )}
    </ul>`,
  ];
}
