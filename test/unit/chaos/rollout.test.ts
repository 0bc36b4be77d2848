import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Journal } from '../../../chaos/operations/journal.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import { parseLimits } from '../../../chaos/operations/limits.ts';
import { countErrors } from '../../../chaos/operations/release.ts';
import { rollOut } from '../../../chaos/operations/rollout.ts';
import type { TrialWatch } from '../../../chaos/runner/experiment.ts';
import type { ChaosTarget } from '../../../chaos/runner/target.ts';
import { fakeTarget } from './fake-target.ts';

const CONF = join(
  import.meta.dirname,
  '../../../environments/production-gateway/hardened/files/usr/local/etc/deployment.conf',
);
const limitsText = readFileSync(CONF, 'utf8');
const plan = {
  instances: ['admin-1', 'admin-2', 'admin-3'],
  release: { version: '2' },
  previous: { version: '1' },
  canary_ms: 5,
  monitor_ms: 5,
  gate_ms: 50,
};

interface Service {
  /** Versions that never become healthy, and that answer with errors. */
  readonly sick?: string;
  readonly failing?: string;
}

/** Instances that run the version which was installed last; every look at a failing one finds another error. */
function watchOf({ sick, failing }: Service): { watch: TrialWatch; commands: string[] } {
  const commands: string[] = [];
  const versions = new Map<string, string>();
  let errors = 0;
  const answer = (stdout: string) => Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  const target: ChaosTarget = {
    ...fakeTarget(),
    variant: 'hardened',
    services: ['gateway-1', 'gateway-2'],
    exec: (service, argv) => {
      const last = argv.at(-1) ?? '';
      if (argv[0] === 'cat') return answer(limitsText);
      if (argv[0] === 'env') {
        versions.set(service, argv[1]?.split('=')[1] ?? '');
        commands.push(`${service} ${argv[1] ?? ''}`);
        return answer('');
      }
      if (argv[0] === 'sh') {
        if (service === 'gateway-1') commands.push(argv.slice(2).join(' '));
        return answer('');
      }
      const version = versions.get(new URL(last).hostname) ?? '1';
      if (last.endsWith('/metrics')) {
        if (version === failing) errors += 1;
        return answer(`http_requests_total{method="GET",status_code="5xx"} ${String(errors)}\n\n200`);
      }
      return answer(`{"version":"${version}"}\n${version === sick ? '503' : '200'}`);
    },
  };
  const host = { ...target.host, put: () => Promise.resolve() };
  const watch: TrialWatch = {
    target: { ...target, host },
    signal: new AbortController().signal,
    now_ms: () => performance.now(),
    wall_ms: () => 0,
    injected_ms: 0,
    probes: () => [],
    note: () => undefined,
    inject: () => Promise.resolve(),
    revert: () => Promise.resolve(),
  };
  return { watch, commands };
}

async function roll(
  service: Service,
  changed: Partial<typeof plan> = {},
): Promise<{ end: string; steps: readonly Step[]; commands: readonly string[] }> {
  const { watch, commands } = watchOf(service);
  const journal = new Journal();
  const end = await rollOut(watch, { ...plan, ...changed }, journal);
  return { end, steps: journal.take().map((line) => JSON.parse(line) as Step), commands };
}

describe('a rollout', () => {
  test('takes each instance out, installs, and raises its weight to the normal one', async () => {
    const { end, commands } = await roll({});
    expect(end).toBe('done');
    expect(commands.slice(0, 6)).toEqual([
      'admin-3 down',
      'admin-3 drain 30',
      'admin-3 SERVICE_VERSION=2',
      'admin-3 weight 10',
      'admin-3 weight 25',
      'admin-3 weight 50',
    ]);
    expect(commands.filter((one) => one.includes('VERSION'))).toHaveLength(3);
    expect(commands.at(-1)).toBe('admin-1 weight 100');
  });

  test('puts an instance without a weight back as it was', async () => {
    const { commands } = await roll({}, { instances: ['customer-2'] });
    expect(commands).toEqual([
      'customer-2 down',
      'customer-2 drain 30',
      'customer-2 SERVICE_VERSION=2',
      'customer-2 up',
    ]);
  });

  test('goes back at the first weight at which there are errors, and goes no further', async () => {
    const { end, steps, commands } = await roll({ failing: '2' });
    expect(end).toBe('rolled back');
    expect(commands).toEqual([
      'admin-3 down',
      'admin-3 drain 30',
      'admin-3 SERVICE_VERSION=2',
      'admin-3 weight 10',
      'admin-3 down',
      'admin-3 drain 30',
      'admin-3 SERVICE_VERSION=1',
      'admin-3 weight 50',
    ]);
    expect(steps.at(-1)?.step).toBe('rolled-back');
  });

  test('leaves instances alone that it is not for', async () => {
    const { end, commands } = await roll({}, { instances: ['admin-2'] });
    expect(end).toBe('done');
    expect(commands.filter((one) => !one.startsWith('admin-2'))).toEqual([]);
    expect(commands.at(-1)).toBe('admin-2 weight 100');
  });

  test('leaves an instance out that does not become healthy, and ends', async () => {
    const { end, commands } = await roll({ sick: '2' });
    expect(end).toBe('stopped');
    expect(commands).toEqual(['admin-3 down', 'admin-3 drain 30', 'admin-3 SERVICE_VERSION=2']);
  });
});

describe('what a deployment reads', () => {
  test('its limits, as the hardened variant has them', () => {
    expect(parseLimits(limitsText)).toEqual({
      instances: [
        { name: 'admin-3', weight: 50 },
        { name: 'admin-2', weight: 100 },
        { name: 'admin-1', weight: 100 },
        ...[1, 2, 3, 4, 5].map((n) => ({ name: `customer-${String(n)}`, weight: null })),
      ],
      drain_s: 30,
      canaryWeights: [10, 25, 50],
      errors_perS_max: 0.01,
    });
    expect(() => parseLimits('')).toThrow('admin_pool is not set');
    expect(() => parseLimits(limitsText.replace('admin-3:50', 'admin-3:much'))).toThrow('admin_pool is no number');
    expect(() => parseLimits(limitsText.replace('drain_s=30', 'drain_s=soon'))).toThrow('drain_s is no number');
  });

  test('errors of all methods, and of servers alone', () => {
    const metrics = [
      '# HELP http_requests_total Requests answered.',
      'http_requests_total{method="GET",status_code="5xx"} 3',
      'http_requests_total{method="POST",status_code="5xx"} 2',
      'http_requests_total{method="GET",status_code="4xx"} 9',
      'other_total{status_code="5xx"} 7',
    ].join('\n');
    expect(countErrors(metrics)).toBe(5);
    expect(countErrors('')).toBe(0);
  });
});
