/** Section 2: both variants on one scale, and by topic. */
import { markup } from '../markup.ts';
import { withVerdict } from '../model.ts';
import { plural } from '../format.ts';
import { variantsFinding } from '../sentences.ts';
import { READING_ORDER, VERDICT_TOKEN, VERDICT_WORD } from '../words.ts';
import { diff, filterQuery, glyph, quietGlyph, section, subheading } from './parts.ts';
import type { Verdict } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model, Row, Topic } from '../model.ts';

interface Segment {
  readonly rows: readonly Row[];
  readonly verdict: Verdict;
  readonly word: string;
  readonly only?: string;
}

/** The section. */
export function variants(model: Model): Markup {
  const { record } = model;
  if (model.rows.length === 0) {
    return section(
      'variants',
      'Documented and hardened, side by side',
      variantsFinding(model),
      null,
      null,
      record.run.partial,
    );
  }
  const say = `${model.variants.length > 1 ? 'Both bars count the same' : 'The bar counts'} ${plural(model.rows.length, 'claim')}. Select a segment, a topic or a number to filter the ledger.`;
  return section(
    'variants',
    model.variants.length > 1 ? 'Documented and hardened, side by side' : `The ${model.variants[0] ?? ''} variant`,
    variantsFinding(model),
    say,
    [
      markup`<div class="vb">${model.variants.map((name, index) => bar(model, name, index))}</div>`,
      legend(model),
      remedies(model),
      subheading('By topic', 'most broken promises first'),
      matrix(model),
    ],
    record.run.partial,
  );
}

const OTHERS: readonly Verdict[] = ['inconclusive', 'error', 'not-run', 'not-applicable'];

/** Kept, broken (mended, open, commercial edition), the rest: mended stands above what the other bar gains. */
function segments(model: Model, index: number): readonly Segment[] {
  const broken = withVerdict(model.rows, index, 'deviates');
  const first = index === 0;
  const plus = broken.filter((row) => (first ? row.fate === 'plus' : row.results[index]?.needsPlus === true));
  const mended = broken.filter((row) => first && row.fate === 'mended');
  const open = broken.filter((row) => !plus.includes(row) && !mended.includes(row));
  return [
    { rows: withVerdict(model.rows, index, 'conforms'), verdict: 'conforms', word: 'kept' },
    { rows: mended, verdict: 'deviates', word: 'broken, mendable', only: 'mended' },
    { rows: open, verdict: 'deviates', word: 'broken', ...(first && { only: 'open' }) },
    { rows: plus, verdict: 'deviates', word: 'broken, need NGINX Plus', ...(first && { only: 'plus' }) },
    ...OTHERS.map((verdict) => ({
      rows: withVerdict(model.rows, index, verdict),
      verdict,
      word: VERDICT_WORD[verdict],
    })),
  ];
}

function bar(model: Model, name: string, index: number): Markup {
  const parts = segments(model, index).filter((segment) => segment.rows.length > 0);
  const label = `${name}: ${parts.map((segment) => `${segment.rows.length} ${segment.word}`).join(', ')}`;
  const note = name === 'documented' ? 'as written' : 'every open-source remedy';
  return markup`<div class="name">${name}<small>${note}</small></div>
    <div class="sbar" role="group" aria-label="${label}">${parts.map((segment) => button(model, name, segment))}</div>
    ${index === 0 && model.variants.length > 1 ? flow(model, parts) : null}`;
}

function button(model: Model, name: string, segment: Segment): Markup {
  const count = segment.rows.length;
  const small = count < model.rows.length * 0.14;
  const plus = segment.word.includes('Plus');
  const query = filterQuery({
    variant: name,
    verdict: segment.verdict,
    ...(segment.only !== undefined && { only: segment.only }),
  });
  const token = VERDICT_TOKEN[segment.verdict];
  const fill = token === 'notrun' ? 'line-2' : `${token}-fill`;
  return markup`<button
    class="seg ${small ? 's' : ''} ${plus ? 'plus' : ''} ${token}"
    style="--n:${count};--f:var(--${fill})"
    data-filter="${query}"
    aria-label="${name}: ${count} ${segment.word}"
    title="${count} ${segment.word}"
  >
    <b>${count}</b>${small ? null : markup` <span>${segment.word}</span>`}
  </button>`;
}

/** The bracket between the bars: what remedies carry from one to the other. */
function flow(model: Model, parts: readonly Segment[]): Part {
  const used = usedRemedies(model).length;
  if (!parts.some((segment) => segment.only === 'mended')) return null;
  return markup`<div></div>
    <div class="flow" aria-hidden="true">
      ${parts.map((segment) =>
        segment.only === 'mended'
          ? markup`<i class="br" style="--n:${segment.rows.length}"
              ><span>${used === 0 ? 'mended' : plural(used, 'remedy', 'remedies')}</span></i
            >`
          : markup`<i style="--n:${segment.rows.length}"></i>`,
      )}
    </div>`;
}

function usedRemedies(model: Model): Model['remedies'] {
  const mended = new Set(model.rows.filter((row) => row.fate === 'mended').map((row) => row.id));
  return model.remedies.filter((remedy) => remedy.mends.some((id) => mended.has(id)));
}

function legend(model: Model): Markup {
  const total = (verdict: Verdict): number =>
    model.variants.reduce((sum, _, index) => sum + withVerdict(model.rows, index, verdict).length, 0);
  const swatches = READING_ORDER.toSorted((a, b) => Number(total(a) === 0) - Number(total(b) === 0)).map((verdict) => {
    const token = VERDICT_TOKEN[verdict];
    const quiet = total(verdict) === 0;
    return markup`<span role="listitem" ${quiet ? markup`class="dim"` : null}
      >${quiet ? null : markup`<i class="sw" style="--f:var(--${token === 'notrun' ? 'line-2' : `${token}-fill`})"></i>`}${quietGlyph(token)}${VERDICT_WORD[verdict]}${quiet ? ' 0' : ''}</span
    >`;
  });
  const plus = model.rows.some((row) => row.fate === 'plus')
    ? markup`<span role="listitem"
        ><i class="sw plus" style="--f:var(--deviates-fill)"></i>deviates, needs NGINX Plus</span
      >`
    : null;
  return markup`<div class="legend" role="list" aria-label="Legend">${swatches.toSpliced(2, 0, markup`${plus}`)}</div>`;
}

function remedies(model: Model): Part {
  if (model.remedies.length === 0) return null;
  const items = model.remedies.map(
    (remedy) =>
      markup`<li>
        <div>
          <b>${remedy.title}</b><span class="mono dim">${remedy.file}</span
          ><span class="ids"
            >${remedy.mends.map((id) => markup`<a class="cid" href="#${encodeURIComponent(id)}">${id.split('.').slice(1).join('.')}</a> `)}</span
          >
        </div>
        ${diff(remedy)}
      </li>`,
  );
  return markup`<details class="data more">
    <summary>
      ${plural(model.remedies.length, 'remedy', 'remedies')} of the hardened variant, with the claims they mend
    </summary>
    <ul class="remedies">
      ${items}
    </ul>
  </details>`;
}

const COLUMNS = [
  { key: 'conforms', verdicts: ['conforms'], word: 'kept' },
  { key: 'deviates', verdicts: ['deviates'], word: 'broken' },
  { key: 'other', verdicts: OTHERS, word: 'not judged' },
] as const satisfies readonly { key: string; verdicts: readonly Verdict[]; word: string }[];

function matrix(model: Model): Markup {
  const half = Math.ceil(model.topics.length / 2);
  const parts = model.topics.length > 8 ? [model.topics.slice(0, half), model.topics.slice(half)] : [model.topics];
  const widest = Math.max(1, ...model.topics.map((topic) => topic.rows.length));
  return markup`<div class="mat ${parts.length > 1 ? 'two-up' : ''}" style="--max:${widest}">
    ${parts.map((topics, index) => matrixPart(model, topics, index + 1))}
  </div>`;
}

function matrixPart(model: Model, topics: readonly Topic[], part: number): Markup {
  const columns = markup`<col class="b" />
    <col class="n" />
    <col class="n" />
    <col class="n" />`;
  const gap = (index: number, cell: Markup): Part => (index === 0 ? null : cell);
  return markup`<table>
    <caption class="vh">
      Claims by topic, variant and verdict, part ${part}
    </caption>
    <colgroup>
      <col />
      ${model.variants.map((_, index) => [gap(index, markup`<col class="sp" />`), columns])}
    </colgroup>
    <thead>
      <tr>
        <td></td>
        ${model.variants.map((name, index) => [
          gap(index, markup`<td></td>`),
          markup`<td class="b"></td>
            <th colspan="3" scope="colgroup" class="num">${name}</th>`,
        ])}
      </tr>
      <tr>
        <th scope="col">Topic</th>
        ${model.variants.map((name, index) => [gap(index, markup`<td></td>`), markup`<td class="b"></td>`, COLUMNS.map((column) => markup`<th scope="col" class="num">${glyph(column.key === 'other' ? 'not-applicable' : column.verdicts[0], `${name}: ${column.word}`)}</th>`)])}
      </tr>
    </thead>
    <tbody>
      ${topics.map((topic) => matrixRow(model, topic))}
    </tbody>
  </table>`;
}

function matrixRow(model: Model, topic: Topic): Markup {
  return markup`<tr data-topic="${topic.name}">
    <th scope="row">
      <button data-filter="${filterQuery({ topic: topic.name })}">${topic.name.replaceAll('-', ' ')}</button>
    </th>
    ${model.variants.map((name, index) => [
      index === 0 ? null : markup`<td></td>`,
      miniBar(model, topic, index),
      COLUMNS.map((column) => cell(topic, name, index, column)),
    ])}
  </tr>`;
}

function cell(topic: Topic, name: string, index: number, column: (typeof COLUMNS)[number]): Markup {
  const verdicts: readonly Verdict[] = column.verdicts;
  const count = topic.rows.filter((row) => verdicts.includes(row.results[index]?.verdict ?? 'not-run')).length;
  if (count === 0) return markup`<td class="n zero"><span class="vh">0</span><span aria-hidden="true">·</span></td>`;
  const shade = column.key === 'deviates' ? Math.round(8 + (count / topic.rows.length) * 46) : 0;
  const query = filterQuery({ topic: topic.name, variant: name, verdict: column.key });
  return markup`<td class="n ${column.key === 'deviates' ? 'bad' : ''}" style="--k:${shade}%">
    <button data-filter="${query}" aria-label="${topic.name}, ${name}: ${count} ${column.word}">${count}</button>
  </td>`;
}

function miniBar(model: Model, topic: Topic, index: number): Markup {
  const topicModel: Model = { ...model, rows: topic.rows };
  const parts = segments(topicModel, index).filter((segment) => segment.rows.length > 0);
  return markup`<td class="b" aria-hidden="true">
    <div class="mini">
      ${parts.map((segment) => {
        const token = VERDICT_TOKEN[segment.verdict];
        return markup`<i
          ${segment.word.includes('Plus') ? markup`class="plus"` : null}
          style="--n:${segment.rows.length};--f:var(--${token === 'notrun' ? 'line-2' : `${token}-fill`})"
        ></i>`;
      })}
    </div>
  </td>`;
}
