/** What a load did, beside its throughput: how long answers took over time, and what became of the requests. */
import { latency, number, percent, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { HEAT_BINS_PER_DECADE } from '../../record/types.ts';
import type { LoadBucket, RequestKind, ScenarioResult } from '../../record/types.ts';
import type { Part } from '../markup.ts';
import { chart, figures } from './parts.ts';

/** So many rectangles fit into a picture, whatever the load lasts. */
const MAX_COLUMNS = 300;
const MAX_ROWS = 40;
/** Kinds that are drawn apart; the rarer ones are one. */
const MAX_KINDS = 5;
const LIMITED = 'limited';

/** When the last second of a load ends. */
export const endOf = (buckets: readonly LoadBucket[]): number => Math.max(0, ...buckets.map(({ at_s }) => at_s + 1));

/** Beginnings of those stretches of `seconds` in which a measured second offered less than was due. */
export function invalidStretches(buckets: readonly LoadBucket[], warmup_s: number, seconds: number): readonly number[] {
  const invalid = buckets.filter(
    ({ at_s, offered, achieved, dropped }) =>
      at_s >= warmup_s &&
      // One request may fall on either side of a second's edge.
      (dropped > 0 || offered - achieved > Math.max(1, offered * 0.01)),
  );
  return [...new Set(invalid.map(({ at_s }) => Math.floor(at_s / seconds) * seconds))];
}

/** Seconds of one column, and the buckets of each by its beginning. */
function columnsOf(buckets: readonly LoadBucket[]): {
  readonly seconds: number;
  readonly columns: readonly (readonly [number, readonly LoadBucket[]])[];
} {
  const seconds = Math.ceil(endOf(buckets) / MAX_COLUMNS);
  return { seconds, columns: [...Map.groupBy(buckets, ({ at_s }) => Math.floor(at_s / seconds) * seconds)] };
}

/** A heat map: `columns` are a beginning, then row, count, row, count, … from the lowest row. */
interface Heat {
  readonly end: number;
  readonly warmup_s: number;
  readonly seconds: number;
  readonly firstBin: number;
  readonly binsInRow: number;
  readonly binsPerDecade: number;
  readonly rows: number;
  readonly limits_ms: readonly number[];
  readonly columns: readonly (readonly number[])[];
}

const binOf = (latency_ms: number): number => Math.floor(Math.log10(latency_ms * 1000) * HEAT_BINS_PER_DECADE);

/** Sums of counts that a picture can hold; null when there is nothing to draw. */
export function heatOf({ buckets, warmup_s, promises, measures }: HeatSource): Heat | null {
  const limits_ms = measures === 'overhead' ? [] : promises.map(({ limit_ms }) => limit_ms);
  const seen = buckets.flatMap(({ heat = [] }) => heat.filter((_, index) => index % 2 === 0));
  if (seen.length === 0) return null;
  const firstBin = seen.reduce((low, bin) => Math.min(low, bin));
  const lastBin = [...seen, ...limits_ms.map(binOf)].reduce((high, bin) => Math.max(high, bin));
  const binsInRow = Math.ceil((lastBin - firstBin + 1) / MAX_ROWS);
  const { seconds, columns } = columnsOf(buckets.filter(({ heat = [] }) => heat.length > 0));
  return {
    end: endOf(buckets),
    warmup_s,
    seconds,
    firstBin,
    binsInRow,
    binsPerDecade: HEAT_BINS_PER_DECADE,
    rows: Math.ceil((lastBin - firstBin + 1) / binsInRow),
    limits_ms,
    columns: columns.map(([at, inColumn]) => [
      at,
      ...sums(inColumn, (bin) => Math.floor((bin - firstBin) / binsInRow)).flat(),
    ]),
  };
}

type HeatSource = Pick<ScenarioResult, 'buckets' | 'warmup_s' | 'promises' | 'measures'>;

/** Rows with their counts, in order. */
function sums(buckets: readonly LoadBucket[], rowOf: (bin: number) => number): [number, number][] {
  const rows = new Map<number, number>();
  for (const { heat = [] } of buckets)
    for (let index = 0; index < heat.length; index += 2) {
      const row = rowOf(heat[index] ?? 0);
      rows.set(row, (rows.get(row) ?? 0) + (heat[index + 1] ?? 0));
    }
  return [...rows].toSorted(([a], [b]) => a - b);
}

/** Where the latencies of a load count from, in words. */
export const latencyOrigin = ({ latencyFrom }: Pick<ScenarioResult, 'latencyFrom'>): string =>
  latencyFrom === 'send' ? 'real send' : 'intended start';

/** The figure of a heat map, with its rows as a table. */
export function heatFigure(variant: string, scenario: ScenarioResult): Part {
  const heat = heatOf(scenario);
  if (heat === null) return null;
  const edge = (row: number): string =>
    latency(10 ** ((heat.firstBin + row * heat.binsInRow) / HEAT_BINS_PER_DECADE) / 1000);
  const all = sums(scenario.buckets, (bin) => Math.floor((bin - heat.firstBin) / heat.binsInRow));
  const total = all.reduce((sum, [, count]) => sum + count, 0);
  return markup`<figure class="next">
    <figcaption>
      <b>Heat map.</b> How many answers took how long from their ${latencyOrigin(scenario)}${scenario.measures === 'overhead' ? ' through the gateway' : ''}, on the same time axis; the stronger the shade, the
      more.${heat.limits_ms.length > 0 ? ' Dashed: the promises.' : ''} Failed and refused requests are not in it.${stretch(heat.seconds, 'column')}
    </figcaption>
    ${chart('heat', heat, `Answers by time and latency, ${variant}; arrow keys move the reading line`)}${figures(
      ['Latency', 'Answers', 'Share'],
      all.map(([row, count]) => [`${edge(row)} to ${edge(row + 1)}`, number(count), percent(count, total)]),
    )}
  </figure>`;
}

const stretch = (seconds: number, what: string): string => (seconds > 1 ? ` One ${what} is ${String(seconds)} s.` : '');

/** Failed and refused requests over time: `columns` are a beginning, then the count of each kind. */
interface Endings {
  readonly end: number;
  readonly warmup_s: number;
  readonly seconds: number;
  readonly kinds: readonly { readonly name: string; readonly refused: boolean }[];
  readonly columns: readonly (readonly number[])[];
}

/** The most frequent kinds, refusals first, and their sums; null when every request was answered. */
export function endingsOf({ buckets, warmup_s }: Pick<ScenarioResult, 'buckets' | 'warmup_s'>): Endings | null {
  const failing = buckets.filter(({ endings = {} }) => Object.keys(endings).length > 0);
  if (failing.length === 0) return null;
  const count = (kind: string, of: readonly LoadBucket[]): number =>
    of.reduce((sum, { endings = {} }) => sum + (endings[kind] ?? 0), 0);
  const seen = [...new Set(failing.flatMap(({ endings = {} }) => Object.keys(endings)))];
  const failed = seen
    .filter((kind) => kind !== LIMITED)
    .toSorted((a, b) => count(b, failing) - count(a, failing) || (a < b ? -1 : 1));
  const drawn = failed.length > MAX_KINDS ? failed.slice(0, MAX_KINDS - 1) : failed;
  const rest = failed.slice(drawn.length);
  const groups = [
    ...(seen.includes(LIMITED) ? [{ name: LIMITED, refused: true, of: [LIMITED] }] : []),
    ...drawn.map((kind) => ({ name: kind, refused: false, of: [kind] })),
    ...(rest.length > 0 ? [{ name: plural(rest.length, 'other kind'), refused: false, of: rest }] : []),
  ];
  const { seconds } = columnsOf(buckets);
  const columns = Map.groupBy(failing, ({ at_s }) => Math.floor(at_s / seconds) * seconds);
  return {
    end: endOf(buckets),
    warmup_s,
    seconds,
    kinds: groups.map(({ name, refused }) => ({ name, refused })),
    columns: [...columns].map(([at, inColumn]) => [
      at,
      ...groups.map(({ of }) => of.reduce((sum, kind) => sum + count(kind, inColumn), 0)),
    ]),
  };
}

/** The figure of what was not answered; absent when everything was. */
export function endingsFigure(variant: string, scenario: ScenarioResult): Part {
  const endings = endingsOf(scenario);
  if (endings === null) return null;
  return markup`<figure class="next">
    <figcaption>
      <b>Failed and refused requests by kind</b>, in the second in which they were meant to start, on the same time
      axis.${stretch(endings.seconds, 'bar')}
    </figcaption>
    ${chart('endings', endings, `Failed and refused requests by kind over time, ${variant}; arrow keys move the reading line`)}${figures(['Second', ...endings.kinds.map(({ name }) => name)], endings.columns)}
  </figure>`;
}

/** What became of the requests of the measured step. */
export function kindsTable({ kinds = [] }: Pick<ScenarioResult, 'kinds'>): Part {
  if (kinds.length === 0) return null;
  const total = kinds.reduce((sum, { requests }) => sum + requests, 0);
  const time = (value_ms: number | undefined): string => (value_ms === undefined ? '' : latency(value_ms));
  return markup`<p class="lab gap">What became of the requests</p>
    <table class="tbl stack">
      <thead>
        <tr>
          <th scope="col">Outcome</th>
          ${['Requests', 'Share', 'P50', 'P95', 'P99'].map((title) => markup`<th scope="col" class="num">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${kinds.map(
          ({ outcome, kind, requests, p50_ms, p95_ms, p99_ms }) =>
            markup`<tr>
              <th scope="row">${outcomeOf(outcome, kind)}</th>
              <td class="num" data-l="Requests">${number(requests)}</td>
              <td class="num nw" data-l="Share">${percent(requests, total)}</td>
              <td class="num nw" data-l="P50">${time(p50_ms)}</td>
              <td class="num nw" data-l="P95">${time(p95_ms)}</td>
              <td class="num nw" data-l="P99">${time(p99_ms)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${kinds.some(({ kind }) => kind === 'upstream') ? markup`<p class="dim small">“upstream”: the answer names no cache state.</p>` : null}`;
}

const outcomeOf = (outcome: RequestKind['outcome'], kind: string): string =>
  outcome === kind ? kind : `${outcome}: ${kind}`;
