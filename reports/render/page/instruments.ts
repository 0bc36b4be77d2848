/** Section 8: instruments, adaptations, what was not judged, what the run said about itself. */
import { figure, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { instrumentsFinding } from '../sentences.ts';
import { claimLink, glyph, section, subheading } from './parts.ts';
import type { CalibrationResult, Note, VariantResult } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model, Row } from '../model.ts';

/** The section. */
export function instruments(model: Model): Markup {
  const { record } = model;
  return section(
    'instruments',
    'Instruments, adaptations, limits',
    instrumentsFinding(record),
    null,
    [
      record.calibration.length === 0 ? null : calibration(record.calibration),
      adaptations(record.variants),
      notJudged(model),
      addresses(record.variants),
      notes(record.notes ?? []),
    ],
    record.run.partial,
  );
}

function calibration(results: readonly CalibrationResult[]): Markup {
  return markup`<div class="scroll" tabindex="0" role="group" aria-label="Calibration">
    <table class="tbl stack">
      <thead>
        <tr>
          <th scope="col">Instrument</th>
          <th scope="col" class="num">Truth</th>
          <th scope="col" class="num">Measured</th>
          <th scope="col" class="num">Error</th>
          <th scope="col" class="num">Tolerance</th>
          <th scope="col">Error within tolerance</th>
        </tr>
      </thead>
      <tbody>
        ${results.map(calibrationRow)}
      </tbody>
    </table>
  </div>`;
}

function calibrationRow(result: CalibrationResult): Markup {
  const error = result.measured - result.truth;
  const signed = `${error > 0 ? '+' : error < 0 ? '−' : ''}${figure(Math.abs(error))}`;
  const cell = (name: string, value: string, extra = ''): Markup =>
    markup`<td class="num nw ${extra}" data-l="${name}">${value} ${result.unit}</td>`;
  return markup`<tr>
    <th scope="row">
      ${glyph(result.holds ? 'conforms' : 'error', result.holds ? 'within tolerance' : 'outside tolerance')}
      ${result.instrument}
    </th>
    ${cell('truth', figure(result.truth))}${cell('measured', figure(result.measured))}${cell('error', signed)}${cell('tolerance', `± ${figure(result.tolerance)}`, 'dim')}
    <td class="wide">${gauge(error, result)}</td>
  </tr>`;
}

/** A needle between two ends; drawn 150 wide, the ends at ± tolerance. */
function gauge(error: number, { tolerance, holds, unit }: CalibrationResult): Markup {
  const share = tolerance === 0 ? Math.sign(error) * 1.2 : Math.max(-1.2, Math.min(1.2, error / tolerance));
  const x = (value: number): number => Math.round((75 + value * 58) * 10) / 10;
  return markup`<svg
    width="150"
    height="18"
    viewBox="0 0 150 18"
    role="img"
    aria-label="error ${figure(error)} ${unit}, tolerance ${figure(tolerance)}"
  >
    <rect x="${x(-1)}" y="5" width="116" height="8" class="fs" rx="1" />
    <path d="M${x(-1)} 3v12M${x(1)} 3v12M75 5v8" class="gl2" />
    <circle cx="${x(share)}" cy="9" r="3.6" class="${holds ? 'fc' : 'fe'}" />
  </svg>`;
}

function adaptations(variants: readonly VariantResult[]): Part {
  const all = variants.flatMap((variant) =>
    variant.adaptations.map((adaptation) => ({ ...adaptation, variant: variant.name })),
  );
  const merged = [...Map.groupBy(all, (adaptation) => adaptation.id).values()];
  const head = subheading('Adaptations', 'what had to differ from the document so that it starts here at all');
  if (merged.length === 0) return [head, markup`<p class="dim">None.</p>`];
  return [
    head,
    markup`<ul class="adapt">
      ${merged.map((same) => {
        const [first] = same;
        return first === undefined
          ? null
          : markup`<li>
              <b>${first.what}</b><span>${first.why}</span
              ><span class="dim"
                >${same.map((one) => one.variant).join(' and ')}${first.needsPlus ? ', needs NGINX Plus' : ''}</span
              >
            </li>`;
      })}
    </ul>`,
  ];
}

function notJudged(model: Model): Markup {
  const unjudged = model.rows.flatMap((row) =>
    row.results.flatMap((result, index) =>
      result?.verdict === 'not-applicable'
        ? [{ row, why: result.reason ?? 'no reason given', variant: model.variants[index] ?? '' }]
        : [],
    ),
  );
  const byReason = [...Map.groupBy(unjudged, (item) => item.why)].toSorted(([, a], [, b]) => b.length - a.length);
  const outside = [...Map.groupBy(model.record.outside, (claim) => claim.why)].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  const count = new Set(unjudged.map((item) => item.row)).size;
  return markup`<div id="notjudged">
    ${subheading('Not judged here', `${plural(count, 'claim')} not applicable, ${plural(model.record.outside.length, 'claim')} outside this profile; counted and never passed`)}
    ${byReason.length + outside.length === 0 ? markup`<p class="dim">Nothing.</p>` : null}
    ${byReason.map(([why, items]) => group(`Not applicable: ${why}`, distinctRows(items.map((item) => item.row))))}
    ${outside.map(
      ([why, claims]) =>
        markup`<details class="data more">
          <summary>${why} <span class="dim">${plural(claims.length, 'claim')}</span></summary>
          <ul class="plain">
            ${claims.map((claim) => markup`<li>${claim.statement} <span class="cid">${claim.id.split('.').slice(1).join('.')}</span></li>`)}
          </ul>
        </details>`,
    )}
  </div>`;
}

function distinctRows(rows: readonly Row[]): readonly Row[] {
  return [...new Set(rows)];
}

function group(title: string, rows: readonly Row[]): Markup {
  return markup`<details class="data more">
    <summary>${title} <span class="dim">${plural(rows.length, 'claim')}</span></summary>
    <ul class="plain">
      ${rows.map((row) => markup`<li>${row.claim.statement} ${claimLink(row)}</li>`)}
    </ul>
  </details>`;
}

function addresses(variants: readonly VariantResult[]): Part {
  const map = Object.entries(variants[0]?.addressMap ?? {});
  if (map.length === 0) return null;
  return markup`<details class="data more">
    <summary>
      Documented addresses in this run <span class="dim">${plural(map.length, 'address', 'addresses')}</span>
    </summary>
    <ul class="plain cols3">
      ${map.map(([from, to]) => markup`<li><span class="mono">${from}</span> → <span class="mono">${to}</span></li>`)}
    </ul>
  </details>`;
}

function notes(all: readonly Note[]): Part {
  const said = all.filter((note) => note.level !== 'info');
  if (said.length === 0) return null;
  return [
    subheading('What the run said about itself', plural(said.length, 'warning')),
    markup`<ul class="adapt">
      ${said.map((note) => markup`<li><b>${note.level}</b><span>${note.text}</span><span class="dim mono">${note.at}</span></li>`)}
    </ul>`,
  ];
}
