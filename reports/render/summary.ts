/** Record → a few lines for a terminal, a CI log or a comment: the answer first. */
import { capacityInWords, isCapacityRun } from '../record/capacity.ts';
import { replicasInWords } from '../record/scaling.ts';
import { duration, plural } from './format.ts';
import { arrange } from './model.ts';
import { headline, lede, scopeSentence } from './sentences.ts';
import { READING_ORDER, VERDICT_MARK, VERDICT_WORD } from './words.ts';
import type { ClaimResult, Counts, RunRecord, Verdict } from '../record/types.ts';

/** More deviations than this are named in the report alone. */
const MAX_NAMED = 20;

/** Control characters could move a terminal's cursor or change its title. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, '\ufffd')
    .trim();
}

/**
 * The summary, ending with a line break.
 *
 * @param report where the page is, when the run has a folder of its own choice
 */
export function renderSummary(record: RunRecord, report = `reports/runs/${record.run.id}/report.html`): string {
  const model = arrange(record);
  const { gate } = record.summary;
  const fresh = new Set(gate.newDeviations);
  // A capacity search judges no claim: rows of zeros would hide what it found.
  const judges = !isCapacityRun(record);
  const first = headline(record);
  const lines = [
    first,
    ...(gate.sentence === first ? [] : [gate.sentence]),
    ...(judges ? [lede(model)] : []),
    ...(record.run.partial ? [`Partial: ${record.run.partialReason ?? 'not everything planned was measured.'}`] : []),
    '',
    ...(judges ? table(record) : []),
    ...deviationLines(record, 'New deviations', (claim) => claim.disposition === 'new', fresh.size),
    ...deviationLines(record, 'Inconclusive', (claim) => claim.verdict === 'inconclusive'),
    ...deviationLines(record, 'Failed in the harness', (claim) => claim.verdict === 'error'),
    ...experimentLines(record),
    ...loadLines(record),
    ...gate.warnings.map((warning) => `Warning: ${warning}`),
    '',
    ...(judges ? [scopeSentence(model)] : []),
    runLine(record),
    `Report: ${report} (exit code ${gate.exitCode})`,
  ];
  return `${lines
    .map((line) => (line.startsWith('  ') ? `  ${plain(line)}` : plain(line)))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')}\n`;
}

const COUNT: Readonly<Record<Verdict, keyof Counts>> = {
  conforms: 'conforms',
  deviates: 'deviates',
  'not-applicable': 'notApplicable',
  inconclusive: 'inconclusive',
  'not-run': 'notRun',
  error: 'error',
};

/** Counts of each variant; zeros are shown, so that the sum can be checked. */
function table(record: RunRecord): readonly string[] {
  return record.variants.map(({ name }) => {
    const counts = record.summary.byVariant[name];
    const cells = READING_ORDER.map(
      (verdict) => `${VERDICT_MARK[verdict]} ${counts?.[COUNT[verdict]] ?? 0} ${VERDICT_WORD[verdict]}`,
    );
    return `  ${name}: ${cells.join(', ')}; ${counts?.total ?? 0} in all`;
  });
}

function deviationLines(
  record: RunRecord,
  title: string,
  chosen: (claim: ClaimResult) => boolean,
  known = 0,
): readonly string[] {
  const found = record.variants.flatMap((variant) =>
    variant.claims.filter(chosen).map((claim) => ({ name: `${variant.name}/${claim.id}`, claim })),
  );
  if (found.length === 0 && known === 0) return [];
  const named = found
    .slice(0, MAX_NAMED)
    .flatMap(({ name, claim }) => [
      `  ${VERDICT_MARK[claim.verdict]} ${name}: expected ${claim.expected}; observed ${claim.observed}`,
      ...(claim.reason === undefined ? [] : [`    because: ${claim.reason}`]),
      `    reproduce: ${claim.reproduce}`,
    ]);
  const more = found.length > MAX_NAMED ? [`  and ${plural(found.length - MAX_NAMED, 'other')}`] : [];
  return ['', `${title}: ${Math.max(found.length, known)}`, ...named, ...more];
}

/** What the trials of each experiment allow to say, what nobody expected first. */
function experimentLines(record: RunRecord): readonly string[] {
  const all = record.variants.flatMap(({ name, experiments }) => experiments.map((one) => ({ variant: name, one })));
  if (all.length === 0) return [];
  const calm = ({ one }: (typeof all)[number]): number =>
    one.predicted?.agrees === false ? 0 : one.verdict === 'conforms' ? 2 : 1;
  const named = all
    .toSorted((a, b) => calm(a) - calm(b))
    .slice(0, MAX_NAMED)
    .flatMap(({ variant, one }) => [
      `  ${VERDICT_MARK[one.verdict]} ${variant}/${one.name}${one.control === undefined ? '' : ` (control: ${one.control})`}: ${one.statistics?.statement ?? one.observed}`,
      ...(one.predicted?.agrees === false ? [`    prediction: ${one.predicted.comparison ?? 'disagrees'}`] : []),
    ]);
  const more = all.length > MAX_NAMED ? [`  and ${plural(all.length - MAX_NAMED, 'other')}`] : [];
  return ['', `Experiments: ${all.length}`, ...named, ...more];
}

/** What each scenario measured, and how much the system carries. */
function loadLines(record: RunRecord): readonly string[] {
  const lines = record.variants.flatMap(({ name, scenarios, capacities = [], scalings = [] }) => [
    ...scenarios.map(
      (one) =>
        `  ${VERDICT_MARK[one.verdict]} ${name}/${one.name}${one.control === undefined ? '' : ` (control: ${one.control})`}: ${one.observed}${one.reason === undefined ? '' : `; ${one.reason}`}`,
    ),
    ...capacities.map(
      (one) =>
        `  ${name}/${one.scenario}${replicasInWords(one)}: ${capacityInWords(one)} within ${one.objective}; what ran out: ${one.ranOut}`,
    ),
    ...scalings.map((one) => `  ${name}/${one.scenario}, ${one.pool} pool: ${one.statement}`),
  ]);
  return lines.length === 0 ? [] : ['', 'Load:', ...lines];
}

function runLine({ run }: RunRecord): string {
  const took =
    run.finishedAt === null
      ? 'not finished'
      : `took ${duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt))}`;
  return `Run ${run.id}, profile ${run.profile}, seed ${run.seed}, revision ${run.revision}, ${took}.`;
}
