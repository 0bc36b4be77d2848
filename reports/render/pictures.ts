/** Record → PNG pictures for what leaves the page: CI comments and chat. Light, with their own words. */
import { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import type { ChartConfiguration, ChartDataset } from 'chart.js';
import { arrange } from './model.ts';
import { seconds } from './format.ts';
import { headline } from './sentences.ts';
import type { Counts, ExperimentResult, PercentilePoint, RunRecord, ScenarioResult } from '../record/types.ts';

/** One finished picture. */
export interface Picture {
  /** File name, unique within a record. */
  readonly name: string;
  readonly png: Buffer;
}

const INK = '#1a1b1d';
const QUIET = '#62676e';
const LINE = '#e5e5df';
const WIDTH_PX = 960;

/** The page's area fills on paper. */
const FILLS: readonly (readonly [keyof Counts, string, string])[] = [
  ['conforms', 'conforms', '#7db8d0'],
  ['deviates', 'deviates', '#d4561d'],
  ['inconclusive', 'inconclusive', '#b98500'],
  ['error', 'harness error', '#a8479a'],
  ['notRun', 'not run', '#dcdcd4'],
  ['notApplicable', 'not applicable', '#b3b6ba'],
];

/**
 * All pictures that the record has data for: `summary.png`, and for each
 * scenario and experiment of each variant one more.
 */
export function renderPictures(record: RunRecord): readonly Picture[] {
  const pictures: Picture[] = [];
  if (record.variants.length > 0) pictures.push(paint('summary.png', 300, summary(record)));
  for (const variant of record.variants) {
    for (const scenario of variant.scenarios.filter((own) => own.corrected.length > 1)) {
      const title = `${scenario.title}, ${variant.name}`;
      pictures.push(paint(`latency-${fileName(scenario.name)}-${variant.name}.png`, 460, spectrum(scenario, title)));
    }
    for (const experiment of variant.experiments.filter((own) => own.trials.length > 0)) {
      const title = `${experiment.title}, ${variant.name}`;
      const height = Math.max(260, Math.min(900, 150 + experiment.trials.length * 16));
      pictures.push(
        paint(`trials-${fileName(experiment.name)}-${variant.name}.png`, height, trials(experiment, title)),
      );
    }
  }
  return pictures;
}

/** Names come from files of the project; whatever else they hold stays out of a path. */
function fileName(name: string): string {
  return name.replace(/[^\w-]+/g, '-').slice(0, 80);
}

function paint(name: string, height: number, configuration: ChartConfiguration): Picture {
  const canvas = new ChartJSNodeCanvas({ width: WIDTH_PX, height, backgroundColour: '#fcfcfa' });
  return { name, png: canvas.renderToBufferSync(configuration, 'image/png') };
}

type Options = NonNullable<ChartConfiguration['options']>;

function options(title: string, subtitle: string, scales: NonNullable<Options['scales']>): Options {
  return {
    animation: false,
    responsive: false,
    devicePixelRatio: 2,
    layout: { padding: { top: 14, right: 26, bottom: 12, left: 16 } },
    color: INK,
    font: { family: 'system-ui, "DejaVu Sans", sans-serif', size: 13 },
    plugins: {
      title: { display: true, text: title, align: 'start', color: INK, font: { size: 18, weight: 'bold' } },
      subtitle: { display: true, text: subtitle, align: 'start', color: QUIET, padding: { bottom: 10 } },
      legend: { position: 'bottom', align: 'start', labels: { boxWidth: 14, boxHeight: 10, color: INK } },
    },
    scales,
  };
}

function summary(record: RunRecord): ChartConfiguration {
  const names = record.variants.map((variant) => variant.name);
  const of = (key: keyof Counts): number[] => names.map((name) => record.summary.byVariant[name]?.[key] ?? 0);
  const shown = FILLS.filter(([key]) => of(key).some((count) => count > 0));
  const labels = names.map((name) => {
    const counts = record.summary.byVariant[name];
    return [name, `${counts?.conforms ?? 0} of ${(counts?.conforms ?? 0) + (counts?.deviates ?? 0)} kept`];
  });
  const partial = record.run.partial ? ', partial' : '';
  const subtitle = `${record.run.environment}, ${record.run.profile}, ${record.run.id}${partial}`;
  return {
    type: 'bar',
    data: {
      labels,
      datasets: shown.map(([key, word, fill]) => ({
        label: `${word} ${of(key).join(' / ')}`,
        data: of(key),
        backgroundColor: fill,
        barPercentage: 0.75,
      })),
    },
    options: {
      ...options(headline(record), subtitle, {
        x: {
          stacked: true,
          max: arrange(record).rows.length || 1,
          grid: { color: LINE },
          ticks: { color: QUIET, includeBounds: false },
        },
        y: { stacked: true, grid: { display: false }, ticks: { color: INK, font: { size: 14 } } },
      }),
      indexAxis: 'y',
    },
  };
}

/** Number of nines: P90 → 1, P99 → 2. */
function nines(percentile: number): number {
  return -Math.log10(Math.max(1e-6, 1 - Math.min(percentile, 99.9999) / 100));
}

function points(line: readonly PercentilePoint[]): { x: number; y: number }[] {
  return line
    .filter((point) => point.value_ms > 0 && point.percentile >= 40 && point.percentile < 100)
    .map((point) => ({ x: nines(point.percentile), y: point.value_ms }));
}

const PERCENTILES = [50, 90, 95, 99, 99.9, 99.99];

function spectrum(scenario: ScenarioResult, title: string): ChartConfiguration {
  const line = (
    label: string,
    data: readonly PercentilePoint[],
    width: number,
    dash: number[],
  ): ChartDataset<'line', { x: number; y: number }[]> => ({
    label,
    data: points(data),
    borderColor: dash.length > 0 ? QUIET : INK,
    borderWidth: width,
    borderDash: dash,
    pointRadius: 0,
  });
  const promises: ChartDataset<'line', { x: number; y: number }[]> = {
    label: 'promise',
    data: scenario.promises.map((promise) => ({ x: nines(promise.percentile), y: promise.limit_ms })),
    showLine: false,
    pointStyle: 'line',
    pointRadius: 12,
    borderColor: '#3d46b3',
    borderWidth: 3,
  };
  return {
    type: 'line',
    data: {
      datasets: [
        line(
          scenario.measures === 'overhead'
            ? 'added by the gateway'
            : scenario.latencyFrom === 'send'
              ? 'from the send'
              : 'corrected: from the intended start',
          scenario.corrected,
          2.5,
          [],
        ),
        ...(scenario.actual.length > 0 ? [line('actual: from the send', scenario.actual, 1.5, [6, 4])] : []),
        ...(scenario.promises.length > 0 ? [promises] : []),
      ],
    },
    options: options(title, scenario.observed, {
      x: {
        type: 'linear',
        afterBuildTicks: (axis) => {
          const inside = PERCENTILES.filter((percentile) => nines(percentile) <= axis.max + 0.01);
          axis.ticks = inside.map((percentile) => ({ value: nines(percentile), label: `P${percentile}` }));
        },
        grid: { color: LINE },
        ticks: {
          color: QUIET,
          callback: (value) => `P${PERCENTILES.find((p) => Math.abs(nines(p) - Number(value)) < 1e-9) ?? ''}`,
        },
      },
      y: {
        type: 'logarithmic',
        title: { display: true, text: 'ms', color: QUIET },
        grid: { color: LINE },
        ticks: { color: QUIET },
      },
    }),
  };
}

function trials(experiment: ExperimentResult, title: string): ChartConfiguration {
  const fill = (trial: ExperimentResult['trials'][number]): string => {
    if (!trial.valid) return '#b3b6ba';
    return experiment.limit_s === null || trial.upper_s <= experiment.limit_s ? '#7db8d0' : '#d4561d';
  };
  const limit = experiment.limit_s === null ? '' : ` Promise: ${seconds(experiment.limit_s)}.`;
  const longest = Math.max(experiment.limit_s ?? 0, ...experiment.trials.map((trial) => trial.upper_s), 0.1);
  const base = options(title, `Outage of each trial, seconds.${limit} ${experiment.observed}`, {
    x: { min: 0, suggestedMax: longest * 1.1, grid: { color: LINE }, ticks: { color: QUIET } },
    y: { grid: { display: false }, ticks: { color: QUIET, autoSkip: true } },
  });
  return {
    type: 'bar',
    data: {
      labels: experiment.trials.map((trial, index) => `${index + 1}${trial.valid ? '' : ' (thrown away)'}`),
      datasets: [
        {
          label: 'outage',
          data: experiment.trials.map((trial) => trial.upper_s),
          backgroundColor: experiment.trials.map(fill),
          minBarLength: 2,
        },
      ],
    },
    options: { ...base, indexAxis: 'y', plugins: { ...base.plugins, legend: { display: false } } },
  };
}
