/** Section 7: this run among earlier ones; only when the record brings them. */
import { enumerate, figure } from '../format.ts';
import { markup } from '../markup.ts';
import { chart, section } from './parts.ts';
import type { HistoryRow } from '../../record/types.ts';
import type { Part } from '../markup.ts';
import type { Model } from '../model.ts';

/** The section, or nothing. */
export function history(model: Model): Part {
  const rows = model.record.history ?? [];
  if (rows.length === 0) return null;
  const changed = rows.filter((row) => row.changePoint !== undefined);
  const finding =
    changed.length === 0
      ? 'No figure changed for good in the runs before this one.'
      : `${enumerate(changed.map((row) => `“${row.figure}”`))} changed for good in the runs before this one.`;
  const say =
    'Earlier runs on hosts of this fingerprint. A vertical mark is a change point, the grey band the range of the quiet runs.';
  return section(
    'history',
    'History',
    finding,
    say,
    markup`<div class="scroll" tabindex="0" role="group" aria-label="History of figures">
      <table class="tbl stack">
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col">Runs</th>
            <th scope="col" class="num">This run</th>
            <th scope="col" class="num">Difference</th>
            <th scope="col" class="num">Interval</th>
            <th scope="col">Change point</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(historyRow)}
        </tbody>
      </table>
    </div>`,
    model.record.run.partial,
  );
}

function historyRow(row: HistoryRow): Part {
  const last = row.values.at(-1);
  const data = { values: row.values, band: row.band ?? null, change: row.changePoint?.index ?? null };
  return markup`<tr>
    <th scope="row">${row.figure}<small>${row.unit}</small></th>
    <td class="wide spark">${chart('spark', data, `${row.values.length} runs`)}</td>
    <td class="num nw"><b>${last === undefined ? '' : figure(last)}</b></td>
    <td class="num nw">${row.difference}</td>
    <td class="num dim nw">${row.interval}</td>
    <td class="dim">${row.changePoint?.note ?? 'none'}</td>
  </tr>`;
}
