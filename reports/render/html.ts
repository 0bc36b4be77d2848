/** Record → `report.markup`: one file that opens offline, loads nothing and runs only its own script. */
import { isCapacityRun } from '../record/capacity.ts';
import { scripts, styles } from './assets.ts';
import { bytes, moment, plural } from './format.ts';
import { markup, trusted } from './markup.ts';
import { arrange, deviations } from './model.ts';
import { answer, keptShare, OUTCOME_TOKEN } from './page/answer.ts';
import { breaks } from './page/breaks.ts';
import { BOARD_FROM } from './page/experiment-board.ts';
import { capacities, capacityRuns } from './page/capacity.ts';
import { experimentRuns, experiments } from './page/experiments.ts';
import { history } from './page/history.ts';
import { instruments } from './page/instruments.ts';
import { ledger } from './page/ledger.ts';
import { quietGlyph } from './page/parts.ts';
import { scenarioRuns, scenarios } from './page/scenarios.ts';
import { SYMBOLS } from './page/symbols.ts';
import { variants } from './page/variants.ts';
import { headline, outcome, shortAnswer } from './sentences.ts';
import type { RunRecord } from '../record/types.ts';
import type { Markup } from './markup.ts';
import type { Model } from './model.ts';

/**
 * The whole page. The policy admits the page's script and style by hash alone;
 * style attributes carry numbers and colour names of our own, and no script may
 * write markup (`require-trusted-types-for`).
 */
export function renderHtml(record: RunRecord): string {
  const model = arrange(record);
  const judges = !isCapacityRun(record);
  const style = styles();
  const script = scripts();
  const policy = [
    "default-src 'none'",
    `script-src '${script.hash}'`,
    `style-src '${style.hash}'`,
    `style-src-elem '${style.hash}'`,
    "style-src-attr 'unsafe-inline'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
  const title = `${headline(record)} ${record.run.environment} · ${record.run.profile} · Gateproof`;
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="data:," />
        <title>${title}</title>
        ${trusted(`<style>${style.text}</style>`)}
      </head>
      <body>
        <noscript
          ><p class="noscript">
            The charts, the filters and the evidence of this report are shown by the script in this file. The same data
            are in record.json beside it.
          </p></noscript
        >
        <a class="skip" href="#main">Skip to the report</a>
        ${SYMBOLS} ${top(record)}
        <div class="shell">
          ${rail(model)}
          <main id="main">
            ${answer(model)}${judges ? [variants(model), breaks(model), ledger(model)] : null}${experiments(model)}${scenarios(model)}${capacities(model)}${history(model)}${instruments(model)}
          </main>
        </div>
        ${footer(record)}
        <div id="live" class="vh" aria-live="polite"></div>
        ${trusted(`<script>${script.text}</script>`)}
      </body>
    </html> `.text;
}

const LOGO = trusted(
  '<svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true"><path d="M2.5 16V6.5a6.5 6.5 0 0 1 13 0V16" fill="none" stroke="currentColor" stroke-width="1.8"/><path d="m5.6 10.2 2.5 2.5 4.4-4.9" fill="none" class="tick" stroke-width="1.9"/></svg>',
);

const HALF_MOON = trusted(
  '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.3" fill="none" stroke="currentColor" stroke-width="1.4"/><path d="M8 1.7a6.3 6.3 0 0 1 0 12.6z" fill="currentColor"/></svg>',
);

function top(record: RunRecord): Markup {
  const { run } = record;
  const token = OUTCOME_TOKEN[outcome(record)];
  return markup`<header class="top">
    <div>
      <a class="brand" href="#answer" aria-label="Gateproof, to the answer">${LOGO}Gateproof</a>
      <span class="gate">${quietGlyph(token)}${shortAnswer(record)}</span>
      <span class="crumb">${run.environment} · ${run.profile} · ${run.revision}</span>
      <span class="grow"></span>${run.partial ? markup`<span class="tag partial">partial</span>` : null}
      <button class="btn" id="theme" aria-label="Colour theme: system" hidden>${HALF_MOON} <span></span></button>
    </div>
  </header>`;
}

function rail(model: Model): Markup {
  const { record } = model;
  const good = record.calibration.filter((result) => result.holds).length;
  const entries: readonly (readonly [string, string, string])[] = [
    [
      'answer',
      'Answer',
      { holds: isCapacityRun(record) ? 'found' : 'holds', breaks: 'breaks', open: 'undecided', failed: 'failed' }[
        outcome(record)
      ],
    ],
    ...(isCapacityRun(record) ? [] : claimEntries(model)),
    ...experimentEntries(model),
    ...scenarioRuns(model).map(
      ({ id }, index, all) => [id, all.length > 1 ? `Load ${index + 1}` : 'Load', ''] as const,
    ),
    ...capacityRuns(model).map(({ id }) => [id, 'Capacity', ''] as const),
    ...((record.history?.length ?? 0) > 0
      ? [['history', 'History', `${record.history?.[0]?.values.length ?? 0} runs`] as const]
      : []),
    ['instruments', 'Instruments', record.calibration.length === 0 ? '' : `${good} of ${record.calibration.length}`],
    ['files', 'Files', ''],
  ];
  return markup`<nav class="rail" aria-label="Sections">
    ${entries.map(([id, name, figure]) => markup`<a href="#${id}">${name} <span>${figure}</span></a>`)}
  </nav>`;
}

function claimEntries(model: Model): readonly (readonly [string, string, string])[] {
  const claims = model.rows.length;
  return [
    ['variants', 'Variants', claims === 0 ? '' : keptShare(model)],
    ...(claims === 0 ? [] : [['breaks', 'What breaks', String(deviations(model).length)] as const]),
    ['ledger', 'Claims', String(claims)],
  ];
}

/** One entry for each experiment, or one for the table of many. */
function experimentEntries(model: Model): readonly (readonly [string, string, string])[] {
  const groups = experimentRuns(model);
  if (groups.length >= BOARD_FROM) return [['experiments', 'Experiments', String(groups.length)]];
  return groups.map(({ id, runs }, index) => [
    id,
    groups.length > 1 ? `Experiment ${index + 1}` : 'Experiment',
    `${runs[0]?.experiment.trials.length ?? 0} ×`,
  ]);
}

const FILE_PURPOSE: Readonly<Record<string, string>> = {
  'report.html': 'this page',
  'record.json': 'everything the page is made of',
  'junit.xml': 'for the CI’s test view',
  'results.sarif': 'findings at their claims',
  'events.ndjson': 'as it happened, one event a line',
  'summary.txt': 'the answer in a few lines',
};

/** Files by name; what lies in a folder is one line with the folder's size. */
function fileLines(files: RunRecord['files']): readonly { name: string; bytes: number; purpose: string }[] {
  const folders = Map.groupBy(files, (file) =>
    file.name.includes('/') ? file.name.slice(0, file.name.indexOf('/') + 1) : file.name,
  );
  return [...folders].map(([name, own]) => {
    const folder = name.endsWith('/') ? `${plural(own.length, 'file')}: logs, histograms, configuration` : '';
    const picture = name.endsWith('.png') ? 'picture for comments and chat' : '';
    return {
      name,
      bytes: own.reduce((sum, file) => sum + file.bytes, 0),
      purpose: FILE_PURPOSE[name] ?? (folder || picture),
    };
  });
}

function footer(record: RunRecord): Markup {
  const files = fileLines(record.files);
  const list = markup`<ul class="files">${files.map((file) => markup`<li><span class="mono">${file.name}</span><span class="num">${bytes(file.bytes)}</span><span>${file.purpose}</span></li>`)}</ul>`;
  return markup`<footer id="files" class="shell" aria-label="Files of the run"><div></div><div>
<h2>Files of this run</h2>
${files.length === 0 ? markup`<p class="dim">The record names no files.</p>` : list}
<p class="dim">Made from <span class="mono">record.json</span> alone, schema <span class="mono">${record.schema}</span>, run started ${moment(record.run.startedAt)}. Opens offline, loads nothing.</p>
</div></footer>`;
}
