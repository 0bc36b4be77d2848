/** Section 4: every claim, with both verdicts visible before it is opened. */
import { duration, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { DISPOSITIONS, LEVELS, READING_ORDER, VERDICT_TOKEN, VERDICT_WORD } from '../words.ts';
import { ledgerFinding } from '../sentences.ts';
import { tags } from './breaks.ts';
import { renderEvidence } from './evidence.ts';
import { diff, glyph, lines, quietGlyph, section } from './parts.ts';
import { remedyFor } from '../model.ts';
import type { ClaimResult } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model, Row } from '../model.ts';

/** The section with its filters; the page's script moves what is shown. */
export function ledger(model: Model): Markup {
  const say =
    model.rows.length === 0
      ? null
      : `${model.variants.length > 1 ? `The first glyph of a row is the ${model.variants[0] ?? ''} variant, the second the ${model.variants[1] ?? ''} one. ` : ''}A row opens to source, measurement, evidence, negative control and the command that reproduces it.`;
  const content =
    model.rows.length === 0
      ? null
      : [
          tools(model),
          status(),
          head(model),
          markup`<div id="rows">
            ${model.topics.map(
              (topic) =>
                markup`<div class="g-wrap" data-topic="${topic.name}">
                  <h3 class="grp">
                    <b>${topic.name.replaceAll('-', ' ')}</b><span>${plural(topic.rows.length, 'claim')}</span>
                  </h3>
                  ${topic.rows.map((row) => ledgerRow(model, row))}
                </div>`,
            )}
          </div>`,
        ];
  return section('ledger', 'Claims', ledgerFinding(model), say, content, model.record.run.partial);
}

function tools(model: Model): Markup {
  const topics = model.topics.map((topic) => topic.name).toSorted();
  const chip = (key: string, value: string, label: Part, icon: Part = null): Markup =>
    markup`<button class="chip" data-key="${key}" data-value="${value}" aria-pressed="false">
      ${icon}${label} <i></i>
    </button>`;
  return markup`<div class="tools" role="search" aria-label="Filter the claims">
    <div class="r">
      <label class="search"
        ><span class="vh">Search claims</span
        ><input
          id="q"
          type="search"
          placeholder="Search statement, id, observation"
          autocomplete="off"
          spellcheck="false"
        /><kbd aria-hidden="true">/</kbd></label
      >
      <div class="segd" id="f-variant" role="group" aria-label="Verdict of which variant" ${model.variants.length > 1 ? null : markup`hidden`}>
        ${model.variants.map((name, index) => markup`<button data-variant="${name}" aria-pressed="${index === 0 ? 'true' : 'false'}">${name}</button>`)}
      </div>
      <label
        ><span class="vh">Topic</span
        ><select id="f-topic">
          <option value="">All topics</option>
          ${topics.map((topic) => markup`<option>${topic}</option>`)}
        </select></label
      >
      <div class="chips" role="group" aria-label="Level">${LEVELS.map((level) => chip('level', level, level))}</div>
      <button class="btn" id="clear" hidden>Clear filters</button>
    </div>
    <div class="r">
      <div class="chips" role="group" aria-label="Verdict">
        ${READING_ORDER.map((verdict) => chip('verdict', verdict, VERDICT_WORD[verdict], quietGlyph(VERDICT_TOKEN[verdict])))}
      </div>
      <div class="chips" role="group" aria-label="Disposition">
        ${DISPOSITIONS.map((disposition) => chip('disposition', disposition, disposition))}
      </div>
    </div>
  </div>`;
}

function status(): Markup {
  return markup`<p class="status">
    <span id="count" role="status" aria-live="polite"></span><span class="grow"></span
    ><span><kbd>/</kbd> search <kbd>↑</kbd> <kbd>↓</kbd> move <kbd>Enter</kbd> open <kbd>Esc</kbd> clear</span>
  </p>`;
}

function head(model: Model): Markup {
  return markup`<div class="lhead lrow ${model.variants.length > 1 ? '' : 'one'}" aria-hidden="true">
    ${model.variants.map((name) => markup`<span title="${name}">${name.slice(0, 1).toUpperCase()}</span>`)}<span
      >Claim</span
    ><span class="lv">Level</span><span class="ob">Observed, <span id="obv">${model.variants[0] ?? ''}</span></span
    ><span class="ms">Took</span><span></span>
  </div>`;
}

function ledgerRow(model: Model, row: Row): Markup {
  const facts = row.results.map((result, index) => ({
    variant: model.variants[index],
    verdict: result?.verdict ?? null,
    disposition: result?.disposition ?? null,
  }));
  const took = row.results.reduce((sum, result) => sum + (result?.duration_ms ?? 0), 0);
  return markup`<details
    class="row"
    id="${row.id}"
    data-level="${row.claim.level}"
    data-fate="${row.fate ?? ''}"
    data-results="${JSON.stringify(facts)}"
  >
    <summary class="lrow ${model.variants.length > 1 ? '' : 'one'}">
      ${row.results.map((result, index) => glyph(result?.verdict ?? 'not-run', `${model.variants[index] ?? ''}: ${VERDICT_WORD[result?.verdict ?? 'not-run']}`))}<span
        class="st"
        >${row.claim.statement}<span class="sub"><span class="cid">${row.short}</span>${tags(row)}</span></span
      ><span class="lv">${row.claim.level}</span
      ><span class="ob"
        >${row.results.map((result, index) => markup`<span data-of="${model.variants[index] ?? ''}" ${index === 0 ? null : markup`hidden`}>${observation(result)}</span>`)}</span
      ><span class="ms">${took === 0 ? '' : duration(took)}</span><i class="chev" aria-hidden="true"></i>
    </summary>
    <template>${body(model, row)}</template>
  </details>`;
}

function observation(result: ClaimResult | null): string {
  if (result === null) return 'not in this variant';
  return result.observed === '' ? (result.reason ?? '') : result.observed;
}

/** What a row opens to; kept in a template until then. */
function body(model: Model, row: Row): Markup {
  const said = row.results.filter((result) => result !== null);
  const reasons = [...new Set(said.flatMap((result) => result.reason ?? []))];
  const waiver = said.find((result) => result.waiver !== undefined)?.waiver;
  const remedy = remedyFor(model, row.id);
  const mends = said.some((result) => result.verdict === 'deviates')
    ? (remedy?.title ?? said.find((result) => result.remedy !== undefined)?.remedy)
    : undefined;
  const source = row.claim.source;
  return markup`<div class="body">
    <div>
      <dl class="kv">
        <dt>Source</dt>
        <dd>
          <i>${source.section}</i>${source.section === '' ? null : ', '}<span class="nw">${lines(source.lines)}</span
          >${(source.also ?? []).map((range) => markup`, <span class="nw">${lines(range)}</span>`)}
        </dd>
        <dt>Expected</dt>
        <dd>${row.claim.expected}</dd>
        ${model.variants.map((name, index) => resultLine(name, row.results[index] ?? null))}
        ${
          reasons.length === 0
            ? null
            : markup`<dt>${said.some((result) => result.verdict === 'deviates') ? 'Mechanism' : 'Reason'}</dt>
                <dd>${reasons.map((reason) => markup`<p>${reason}</p>`)}</dd>`
        }
        ${
          mends === undefined
            ? null
            : markup`<dt>Remedy</dt>
                <dd>
                  ${mends}${remedy === null ? null : markup` <span class="mono dim">${remedy.file}</span>${diff(remedy)}`}
                </dd>`
        }
        ${
          waiver === undefined
            ? null
            : markup`<dt>Waiver</dt>
                <dd>${waiver.reason} Answered for by ${waiver.owner} until ${waiver.expires}.</dd>`
        }
        <dt>Control</dt>
        <dd>${controls(said)}</dd>
      </dl>
      <p class="links"><a href="#${encodeURIComponent(row.id)}">Link to this claim</a></p>
    </div>
    <div class="ev">
      ${model.variants.map((name, index) => variantEvidence(model, name, row.results[index] ?? null))}
    </div>
  </div>`;
}

function resultLine(name: string, result: ClaimResult | null): Part {
  if (result === null) return null;
  const disposition =
    result.disposition === undefined
      ? null
      : markup` <span class="tag t-${result.disposition}">${result.disposition}</span>`;
  const contradicts =
    result.contradicts === undefined
      ? null
      : markup` contradicts <a class="cid" href="#${encodeURIComponent(result.contradicts)}">${result.contradicts}</a>`;
  return markup`<dt>${name.replace(/^./, (first) => first.toUpperCase())}</dt>
    <dd>
      ${glyph(result.verdict)}
      ${result.observed === '' ? VERDICT_WORD[result.verdict] : result.observed}${disposition}${contradicts}
    </dd>`;
}

function controls(results: readonly ClaimResult[]): Part {
  const named = new Map(results.flatMap((result) => result.controls ?? []).map((control) => [control.mutant, control]));
  if (named.size === 0) return markup`<span class="dim">no mutant is named in this record</span>`;
  return [...named.values()].map(
    (control) =>
      markup`<p>
        ${glyph(control.verdict)} mutant
        <span class="mono">${control.mutant}</span>
        ${control.verdict === 'deviates' ? 'turned the verdict' : `was ${VERDICT_WORD[control.verdict]}`}
      </p>`,
  );
}

function variantEvidence(model: Model, name: string, result: ClaimResult | null): Part {
  if (result === null) return null;
  const title =
    model.variants.length > 1 ? markup`<p class="ev-of">${quietGlyph(VERDICT_TOKEN[result.verdict])}${name}</p>` : null;
  const nothing =
    result.verdict === 'not-applicable' || result.verdict === 'not-run'
      ? 'Not measured, so there is no evidence.'
      : 'No evidence was kept beside the observation.';
  return markup`<div class="ev-v">
    ${title}${result.evidence.length === 0 ? markup`<p class="dim">${nothing}</p>` : result.evidence.map(renderEvidence)}
    <div>
      <p class="lab">Reproduce</p>
      <div class="cmd">
        <code>${result.reproduce}</code><button class="btn" data-copy="${result.reproduce}">Copy</button>
      </div>
    </div>
  </div>`;
}
