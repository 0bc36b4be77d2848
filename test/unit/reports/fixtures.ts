/** Invented records for the reports' tests: full, partial, empty, hostile. Nothing in them was measured. */
import { count } from '../../../reports/record/derive.ts';
import { SCHEMA_ID } from '../../../reports/record/types.ts';
import { inventedClaims } from './fixture-claims.ts';
import { inventedCapacity, inventedHeat, inventedScaling, inventedScenario } from './fixture-loads.ts';
import { inventedExperiment } from './fixture-runs.ts';
import type { JournalEvent } from '../../../reports/record/events.ts';
import type { Judge } from '../../../reports/record/derive.ts';
import type {
  Gate,
  RunInfo,
  RunRecord,
  ScenarioResult,
  VariantName,
  VariantResult,
} from '../../../reports/record/types.ts';

const RUN: RunInfo = {
  id: '2026-11-21T02-14-07Z-k3f9',
  startedAt: '2026-11-21T02:14:07.000Z',
  finishedAt: '2026-11-21T02:18:01.000Z',
  environment: 'production-gateway',
  document: {
    title: 'Invented gateway document',
    sha256: '32781947d32ce04632781947d32ce04632781947d32ce04632781947d32ce046',
  },
  profile: 'smoke',
  seed: 20_261_121,
  revision: '7c1e0ab',
  command: 'gateproof verify production-gateway --profile smoke',
  selection: null,
  loads: { 'api-mix': { rate_perS: 400, warmup_s: 10, measured_s: 50 } },
  host: {
    cores: 2,
    memory_gib: 24,
    kernel: 'Linux 6.1',
    docker: '20.10.24',
    cgroup: 'v1',
    arch: 'x64',
    pinning: 'gateway side on core 0, load and probes on core 1',
  },
  versions: { nginx: '1.26.3', keepalived: '2.3.3', postgres: '17.2', redis: '8.0', k6: '2.2.0', node: '24.21.0' },
  images: [{ role: 'gateway', reference: 'gateproof/gateway:1a2b', id: 'sha256:1a2b', replaced: false }],
  partial: false,
};

/** A gate that holds, with changes. */
export function gate(change: Partial<Gate> = {}): Gate {
  return {
    exitCode: 0,
    holds: true,
    sentence: 'Every deviation is in the baseline or waived.',
    newDeviations: [],
    knownDeviations: ['documented/production-gateway.caching.user-isolation'],
    waived: ['documented/production-gateway.high-availability.vrrp-standard'],
    vanished: [],
    warnings: [],
    ...change,
  };
}

function variant(name: VariantName): VariantResult {
  const claims = inventedClaims(name);
  const mended = inventedClaims('documented').filter(
    (claim) => claim.verdict === 'deviates' && claim.needsPlus !== true,
  );
  return {
    name,
    adaptations: [
      {
        id: 'sticky',
        what: '“sticky” lines removed',
        why: 'open-source nginx stops with an unknown directive',
        needsPlus: true,
      },
      {
        id: 'unicast',
        what: 'VRRP with unicast peers',
        why: 'container bridges do not carry the multicast group',
        needsPlus: false,
      },
    ],
    remedies:
      name === 'documented'
        ? []
        : [
            {
              id: 'cache-bypass',
              title: 'Only requests without credentials are cached.',
              mends: ['production-gateway.caching.user-isolation'],
              diff: ' proxy_cache api;\n+proxy_cache_bypass $http_authorization;\n+proxy_no_cache     $http_authorization;',
              file: 'conf.d/cache.conf',
            },
            {
              id: 'headers-include',
              title: 'One include, repeated where a location adds its own header.',
              mends: mended.slice(1).map((claim) => claim.id),
              diff: ' location = /health {\n-  add_header Content-Type application/json;\n+  include snippets/security-headers.conf;',
              file: 'conf.d/routes.conf',
            },
          ],
    claims,
    experiments: [inventedExperiment(name, name === 'documented' ? 12 : 12)],
    scenarios: name === 'documented' ? [] : [inventedScenario()],
    ...(name === 'documented' ? {} : { capacities: [inventedCapacity()], scalings: [inventedScaling()] }),
    addressMap: { '10.0.1.10': '198.18.64.11', 'api.example.test': '198.18.0.10' },
    started_ms: name === 'documented' ? 9400 : 8700,
  };
}

/** A realistic, complete record of both variants. */
export function fullRecord(change: { readonly gate?: Partial<Gate>; readonly run?: Partial<RunInfo> } = {}): RunRecord {
  const variants = [variant('documented'), variant('hardened')];
  return {
    schema: SCHEMA_ID,
    run: { ...RUN, ...change.run },
    variants,
    calibration: [
      { instrument: 'Outage prober', truth: 3000, measured: 3004, tolerance: 20, unit: 'ms', holds: true },
      { instrument: 'Rate estimator', truth: 100, measured: 99.7, tolerance: 1, unit: '/min', holds: true },
      { instrument: 'Burst counter', truth: 30, measured: 30, tolerance: 0, unit: '', holds: true },
    ],
    outside: Array.from({ length: 24 }, (_, index) => ({
      id: `production-gateway.failover.outside-${index + 1}`,
      statement: `Invented promise ${index + 1} that this profile does not plan.`,
      topic: 'failover',
      kind: 'chaos' as const,
      why: index < 15 ? 'chaos: not in the smoke profile' : 'drill: an operator’s procedure',
    })),
    summary: {
      byVariant: Object.fromEntries(variants.map(({ name, claims }) => [name, count(claims)])),
      gate: gate(change.gate),
    },
    notes: [
      {
        at: RUN.startedAt,
        level: 'warning',
        text: 'The host has two cores: the generator shares one with the prober.',
      },
    ],
    history: [
      {
        figure: 'Promises kept, hardened',
        unit: 'claims',
        values: [60, 60, 61, 64, 64, 65, 73, 73],
        difference: '+0',
        interval: '0',
        band: { lower: 60, upper: 64 },
        changePoint: { index: 6, note: 'claims mended' },
      },
      {
        figure: 'P95 at 400 a second',
        unit: 'ms',
        values: [268, 271, 266, 270, 273, 269, 270, 271],
        difference: '+1 ms',
        interval: '−4 to +6',
      },
    ],
    files: [
      { name: 'record.json', bytes: 6_800_000 },
      { name: 'report.html', bytes: 1_400_000 },
      { name: 'junit.xml', bytes: 212_000 },
      { name: 'summary.png', bytes: 41_000 },
      { name: 'raw/gateway-1.log', bytes: 812 },
    ],
  };
}

/** A killed run: the documented variant half done, the hardened one never started. */
export function partialRecord(): RunRecord {
  const full = fullRecord({
    run: {
      finishedAt: null,
      partial: true,
      configuration: { path: 'my/configuration', sha256: '5d41402abc4b2a76b9719d911017c592' },
      partialReason: 'The run was killed: its journal has no end. 40 of 90 planned claims not run in documented.',
    },
    gate: { exitCode: 2, holds: false, sentence: 'The run is partial.' },
  });
  const [documented] = full.variants;
  if (documented === undefined) throw new Error('The full record has no variant.');
  const claims = documented.claims.map((claim, index) =>
    index < 40 ? claim : { ...claim, verdict: 'not-run' as const, observed: '', evidence: [] },
  );
  return {
    ...full,
    variants: [{ ...documented, claims, experiments: [], scenarios: [] }],
    calibration: [],
    summary: { ...full.summary, byVariant: { documented: count(claims) } },
    files: [],
  };
}

/** A run that ended before anything was measured. */
export function emptyRecord(): RunRecord {
  return {
    schema: SCHEMA_ID,
    run: {
      ...RUN,
      finishedAt: null,
      partial: true,
      partialReason: 'Docker does not answer.',
      images: [],
      versions: {},
    },
    variants: [],
    calibration: [],
    outside: [],
    summary: {
      byVariant: {},
      gate: gate({ exitCode: 3, holds: false, sentence: 'Nothing was executed.', knownDeviations: [], waived: [] }),
    },
    files: [],
  };
}

/** Two scenarios of an hour each, with as many containers as the full topology has. */
export function hourOfLoad(): RunRecord {
  const record = fullRecord();
  const seconds = Array.from({ length: 3_600 }, (_, at) => at);
  const wave = (base: number): [number, number][] =>
    seconds.map((at) => [at, Math.round(1_000 * base * (1 + 0.3 * Math.sin(at / 37))) / 1_000]);
  const scenario: ScenarioResult = {
    ...inventedScenario(),
    buckets: wave(400).map(([at_s, rate]) => ({
      at_s,
      offered: 400,
      achieved: Math.round(rate),
      dropped: 0,
      errors: 0,
      p50_ms: rate / 7,
      p95_ms: rate / 2,
      p99_ms: rate,
      heat: inventedHeat(rate, rate / 7),
      ...(at_s % 3 === 0 ? { endings: { 'status 503': 1 + (at_s % 7), [`status ${500 + (at_s % 11)}`]: 1 } } : {}),
    })),
    resources: Array.from({ length: 18 }, (_, index) => ({
      container: `container-${index}`,
      role: 'sut' as const,
      cpu_cores: wave(0.3 + index / 50),
      memory_mib: wave(60 + index),
    })),
  };
  return { ...record, variants: record.variants.map((one) => ({ ...one, scenarios: [scenario] })) };
}

/** What a system under test could send to break out of a report. */
export const ATTACK = '</script><img src=x onerror=alert(1)>"\'><!--]]>\u2028\0${}';

const ENUMERATED = new Set([
  'verdict',
  'outcome',
  'level',
  'kind',
  'disposition',
  'name',
  'profile',
  'schema',
  'role',
  'better',
  'ended',
  'phase',
  'startedAt',
  'finishedAt',
  'expires',
]);

/** The full record with `ATTACK` at the end of every free text, ids included. */
export function hostileRecord(): RunRecord {
  const poison = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return ENUMERATED.has(key) ? value : value + ATTACK;
    if (Array.isArray(value)) return value.map((item: unknown) => poison(item, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, poison(item, name)]));
  };
  return poison(fullRecord(), '') as RunRecord;
}

/** The journal that a complete run of the full record would have left. */
export function journalOf(record: RunRecord): readonly JournalEvent[] {
  const at = record.run.startedAt;
  const { finishedAt: _finished, partial: _partial, partialReason: _reason, ...run } = record.run;
  const first = record.variants[0]?.claims ?? [];
  return [
    {
      event: 'run-started',
      at,
      run,
      variants: record.variants.map((own) => own.name),
      planned: first.map((claim) => claim.id),
      outside: record.outside,
    },
    ...record.calibration.map((calibration): JournalEvent => ({ event: 'calibration', at, calibration })),
    ...record.variants.flatMap(({ name: variant, ...own }): readonly JournalEvent[] => [
      {
        event: 'variant-started',
        at,
        variant,
        adaptations: own.adaptations,
        remedies: own.remedies,
        addressMap: own.addressMap,
        started_ms: own.started_ms,
      },
      ...own.claims.map((claim): JournalEvent => ({ event: 'claim', at, variant, claim })),
      ...(own.capacities ?? []).map((capacity): JournalEvent => ({ event: 'capacity', at, variant, capacity })),
      ...(own.scalings ?? []).map((scaling): JournalEvent => ({ event: 'scaling', at, variant, scaling })),
      ...own.experiments.map((experiment): JournalEvent => ({ event: 'experiment', at, variant, experiment })),
      ...own.scenarios.map((scenario): JournalEvent => ({ event: 'scenario', at, variant, scenario })),
      { event: 'variant-finished', at, variant },
    ]),
    ...(record.notes ?? []).map((note): JournalEvent => ({ event: 'note', ...note })),
    { event: 'run-finished', at: record.run.finishedAt ?? at, interrupted: false },
  ];
}

/** A judge that finds everything in order. */
export const content: Judge = () => ({ gate: gate(), claims: {} });
