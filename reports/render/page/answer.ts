/** Section 1: does the gate hold, what decided it, and why it may be believed. */
import { isCapacityRun } from '../../record/capacity.ts';
import { replicasInWords } from '../../record/scaling.ts';
import { duration, enumerate, moment, number, percent, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { headline, lede, outcome, scope, scopeSentence } from '../sentences.ts';
import { emphasise, filterQuery, quietGlyph } from './parts.ts';
import { trust } from './trust.ts';
import type { Markup, Part } from '../markup.ts';
import type { RunRecord } from '../../record/types.ts';
import type { Model } from '../model.ts';
import type { Outcome } from '../sentences.ts';

/** Palette token of an outcome. */
export const OUTCOME_TOKEN: Readonly<Record<Outcome, string>> = {
  holds: 'conforms',
  breaks: 'deviates',
  open: 'inconclusive',
  failed: 'error',
};

/** The whole first screen. */
export function answer(model: Model): Markup {
  const { record } = model;
  const { run } = record;
  const how = outcome(record);
  return markup`<section id="answer" aria-labelledby="h-answer">
    <p class="eyebrow">${run.environment}, profile ${run.profile}, ${moment(run.startedAt)}</p>
    <div class="verdict v-${how}">
      <h1 id="h-answer">${quietGlyph(OUTCOME_TOKEN[how])}<span>${headline(record)}</span></h1>
      <p class="lede">${emphasise(lede(model))}</p>
      ${banner(model)}
    </div>
    <div class="facts">
      <div>
        ${isCapacityRun(record) ? found(record) : decided(model)}
      </div>
      <div>
        <h2>Can this run be trusted?</h2>
        ${trust(model)}
      </div>
      <div>
        <h2>Run</h2>
        ${runFacts(model)}
      </div>
    </div>
  </section> `;
}

/** Why an exit code is not 0, or why 0 is not the whole story. */
function banner(model: Model): Part {
  const { gate } = model.record.summary;
  const { run } = model.record;
  const partial = run.partial
    ? markup`<div class="banner i">
        <b>${quietGlyph('inconclusive')}This record is partial.</b
        >${run.partialReason ?? 'Not everything that was planned was measured.'}<small
          >Every section below carries “partial”.</small
        >
      </div>`
    : null;
  const fresh =
    gate.newDeviations.length > 0
      ? markup`<div class="banner">
          <b
            >${quietGlyph('deviates')}${plural(gate.newDeviations.length, 'deviation')} that neither baseline nor waiver
            knows</b
          >
          <ul class="inline">
            ${gate.newDeviations.map((id) => markup`<li><a class="cid" href="#${encodeURIComponent(claimOf(id))}">${id}</a></li>`)}
          </ul>
        </div>`
      : null;
  const warnings = gate.warnings.map(
    (text) => markup`<div class="banner w"><b>${quietGlyph('inconclusive')}Warning</b>${text}</div>`,
  );
  return [partial, fresh, warnings];
}

/** A gate may name a claim with its variant in front (`documented/…`). */
function claimOf(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1).replace(/^.*[:\s]/, '');
}

/** What ran out, of a run that judged nothing else. */
function found({ variants }: RunRecord): Markup {
  const all = variants.flatMap(({ name, capacities = [] }) => capacities.map((one) => ({ name, one })));
  return markup`<h2>What ran out</h2>
    ${all.map(({ name, one }) => markup`<p class="why">${name}${replicasInWords(one)}: ${one.ranOut}.</p>`)}`;
}

function decided(model: Model): Markup {
  const { record } = model;
  const { gate } = record.summary;
  const counts = Object.values(record.summary.byVariant);
  const open = counts.reduce((sum, own) => sum + own.inconclusive + own.notRun + own.error, 0);
  const fixed = gate.vanished.length;
  const waivers = model.rows
    .flatMap((row) => row.results.flatMap((result) => result?.waiver?.expires ?? []))
    .toSorted();
  const parts = scope(model);
  return markup`<h2>What decided the gate</h2>
    <p class="why">${gate.sentence}</p>
    <dl class="kv n">
      <dt>${gate.newDeviations.length}</dt>
      <dd>new ${gate.newDeviations.length === 1 ? 'deviation' : 'deviations'}</dd>
      <dt>${gate.knownDeviations.length}</dt>
      <dd>known, each with its mechanism in the baseline</dd>
      <dt>${gate.waived.length}</dt>
      <dd>waived${waivers[0] === undefined ? '' : `; the first waiver ends on ${waivers[0]}`}</dd>
      <dt>${fixed}</dt>
      <dd>
        gone since the
        baseline${fixed === 0 ? null : markup`: <a href="#ledger" data-filter="${filterQuery({ disposition: 'fixed' })}">take ${fixed === 1 ? 'it' : 'them'} out of it</a>`}
      </dd>
      <dt>${open}</dt>
      <dd>inconclusive, not run or failed in the harness</dd>
    </dl>
    <div class="scope" aria-hidden="true">
      ${[
        { n: parts.judged, colour: 'ink-2' },
        { n: parts.open, colour: 'inconclusive-fill' },
        { n: parts.notApplicable, colour: 'na-fill' },
        { n: parts.outside, colour: 'line' },
      ].map(({ n, colour }) => (n === 0 ? null : markup`<i style="--n:${n};background:var(--${colour})"></i>`))}
    </div>
    <p class="scopetext">${scopeSentence(model)} <a href="#notjudged">What was not judged</a></p>`;
}

/** What decides verdicts stands in the open; libraries and exporters are folded away. */
const SUT = new Set([
  'nginx',
  'keepalived',
  'fail2ban',
  'openssl',
  'modsecurity',
  'brotli',
  'pm2',
  'postgres',
  'redis',
]);
const TOOLS = new Set(['k6', 'toxiproxy', 'autocannon', 'nghttp2', 'h2spec', 'node', 'docker']);

function versions(all: Readonly<Record<string, string>>): readonly (readonly [string, Part])[] {
  const pick = (chosen: (name: string) => boolean): readonly string[] =>
    Object.entries(all)
      .filter(([name]) => chosen(name.toLowerCase()))
      .map(([name, version]) => `${name} ${version}`);
  const others = pick((name) => !SUT.has(name) && !TOOLS.has(name));
  const folded = markup`<details class="data flat"><summary>${plural(others.length, 'other version')}</summary>${others.join(', ')}</details>`;
  return [
    ['Under test', pick((name) => SUT.has(name)).join(', ')],
    ['Tools', pick((name) => TOOLS.has(name)).join(', ')],
    ['Besides', others.length === 0 ? '' : folded],
  ];
}

function runFacts(model: Model): Markup {
  const { run, summary, variants } = model.record;
  const took =
    run.finishedAt === null ? 'not finished' : duration(Date.parse(run.finishedAt) - Date.parse(run.startedAt));
  const replaced = run.images.filter((image) => image.replaced).map((image) => `${image.role} by ${image.reference}`);
  const facts: readonly (readonly [string, Part])[] = [
    ['Run', markup`<span class="mono">${run.id}</span>`],
    ['Seed', markup`<span class="mono">${run.seed}</span> <span class="dim">replays order, phases, addresses</span>`],
    [
      'Revision',
      markup`<span class="mono">${run.revision}</span>, exit code <span class="mono">${summary.gate.exitCode}</span>`,
    ],
    [
      'Configuration',
      run.configuration === undefined
        ? ''
        : markup`<span class="mono">${run.configuration.path}</span> in the place of the variant’s <span class="mono dim">${run.configuration.sha256.slice(0, 12)}</span>`,
    ],
    [
      'Document',
      markup`${run.document.title}${run.document.sha256 === undefined ? null : markup` <span class="mono dim">${run.document.sha256.slice(0, 12)}</span>`}`,
    ],
    ['Duration', `${took}, ${enumerate(variants.map((variant) => variant.name)) || 'no variant'}`],
    [
      'Host',
      `${plural(run.host.cores, 'core')}, ${number(run.host.memory_gib, 1)} GiB, ${run.host.kernel}, ${run.host.arch}`,
    ],
    ['Docker', `${run.host.docker}, cgroup ${run.host.cgroup}`],
    ['Pinned', run.host.pinning],
    ...versions(run.versions),
    ['Replaced', replaced.join(', ')],
    ['Selection', run.selection === null ? '' : markup`<span class="mono">${run.selection}</span>`],
    ['Command', markup`<span class="mono">${run.command}</span>`],
  ];
  return markup`<dl class="kv">
    ${facts
      .filter(([, value]) => value !== '')
      .map(
        ([name, value]) =>
          markup`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
  </dl>`;
}

/** Share of judged promises kept, for the navigation. */
export function keptShare(model: Model): string {
  const counts = model.variants.map((name) => model.record.summary.byVariant[name]);
  if (counts.length === 0) return 'none';
  return counts.length > 1
    ? counts.map((own) => String(own?.conforms ?? 0)).join(' → ')
    : percent(counts[0]?.conforms ?? 0, counts[0]?.total ?? 0);
}
