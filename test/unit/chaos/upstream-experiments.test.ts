import { describe, expect, test } from 'vitest';

import erringInstance from '../../../chaos/experiments/production-gateway/erring-instance-retries.ts';
import errorKinds, { judgeKinds } from '../../../chaos/experiments/production-gateway/error-kinds-ejection.ts';
import failingHealth from '../../../chaos/experiments/production-gateway/failing-health-endpoints.ts';
import circuit from '../../../chaos/experiments/production-gateway/failing-instance-circuit.ts';
import flaky from '../../../chaos/experiments/production-gateway/flaky-instance.ts';
import poolErrors, { judgeReplaced } from '../../../chaos/experiments/production-gateway/pool-answers-errors.ts';
import poolRefuses from '../../../chaos/experiments/production-gateway/pool-refuses.ts';
import unreachable, { judgeBudget, judgeFast } from '../../../chaos/experiments/production-gateway/pool-unreachable.ts';
import silent from '../../../chaos/experiments/production-gateway/silent-instances.ts';
import stale, { judgeStale } from '../../../chaos/experiments/production-gateway/stale-answers.ts';
import type { SessionProbe } from '../../../chaos/prober/session.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import { parseSettings } from '../../../chaos/runner/settings.ts';
import type { Settings } from '../../../chaos/runner/settings.ts';

const ALL = {
  erringInstance,
  errorKinds,
  failingHealth,
  circuit,
  flaky,
  poolErrors,
  poolRefuses,
  unreachable,
  silent,
  stale,
};

/** Settings of a gateway whose location and instances have these words. */
const conf = (location: string, server = 'max_fails=2 fail_timeout=10s'): Settings => ({
  keepalived: {},
  nginx: parseSettings(
    `# configuration file /etc/nginx/nginx.conf:
    http {
      upstream customer_backend { server customer-2:3001 ${server}; server customer-4:3001 ${server}; }
      server { listen 443 ssl; location /api/v1/ { ${location} } }
    }`,
    'gateway',
  ),
});
const SETTINGS = conf(
  'proxy_next_upstream error timeout http_503; proxy_next_upstream_tries 2; proxy_connect_timeout 5s;',
);

const probe = (sent_ms: number, took_ms: number, ok: boolean, servedBy?: string): SessionProbe => ({
  intended_ms: sent_ms,
  sent_ms,
  done_ms: sent_ms + took_ms,
  ok,
  kind: ok ? 'status-200' : 'status-502',
  ...(servedBy === undefined ? {} : { servedBy }),
});

function trialData(collected: TrialData['collected'], probes: readonly SessionProbe[] = []): TrialData {
  return {
    probes,
    series: { 'customer reads': probes },
    before: [],
    collected,
    instrumentUnsound: false,
    trial: {
      phase_s: 0,
      lower_s: 0,
      upper_s: 0,
      failedRequests: 0,
      totalRequests: probes.length,
      valid: true,
      errorsByKind: {},
      timeline: [{ at_ms: 1_000, source: 'misbehave', what: 'effect proved: asked directly, customer-2: reset' }],
      proberLateness_ms_p99: 1,
      probes: [],
      fault: { injected_ms: 1_000, proved_ms: 1_500, reverted_ms: 26_000, healed_ms: 26_500 },
    },
  };
}

describe.each(Object.entries(ALL))('%s', (_, experiment) => {
  test('judges each claim that it verifies, and says nothing without a trial', () => {
    const judged = experiment.judge([], SETTINGS);
    expect(judged.map(({ claim }) => claim)).toEqual(experiment.verifies);
    expect(new Set(judged.map(({ verdict }) => verdict))).toEqual(new Set(['inconclusive']));
  });

  test('predicts from settings', () => {
    expect(experiment.predict?.(SETTINGS).formula).not.toBe('');
  });
});

describe('predictions follow the settings', () => {
  test('second tries', () => {
    const formula = (words: string) => erringInstance.predict?.(conf(words)).formula ?? '';
    expect(formula('proxy_next_upstream error http_502;')).toContain('POST and PATCH only when nothing was sent yet');
    expect(formula('proxy_next_upstream error non_idempotent;')).toContain('POST and PATCH as well');
  });

  test('penalties and waits', () => {
    expect(circuit.predict?.(conf('', 'max_fails=3 fail_timeout=30s')).range_s).toEqual([30, 32]);
    expect(circuit.predict?.(conf('', 'max_fails=0')).range_s).toEqual([0, 0]);
    expect(unreachable.predict?.(SETTINGS).range_s).toEqual([5, 10.5]);
  });
});

describe('the circuit of one instance', () => {
  const probes = Array.from({ length: 800 }, (_, index) => {
    const sent_ms = index * 40;
    const victim = index % 5 === 0 && (sent_ms < 1_000 || sent_ms > 27_000);
    return probe(sent_ms, 5, true, victim ? 'customer-2' : 'customer-1');
  });
  const verdicts = (tries_ms: readonly number[]) =>
    circuit
      .judge([trialData({ 'tries at the instance, ms': tries_ms.map(String) }, probes)], SETTINGS)
      .map(({ verdict }) => verdict);

  test('2 failures and 10 s: what other sections promise deviates', () => {
    const expected = ['conforms', 'conforms', 'deviates', 'deviates', 'deviates', 'deviates'];
    expect(verdicts([1_200, 1_400, 11_800, 22_500])).toEqual(expected);
  });

  test('an instance that is never left alone breaks all of them', () => {
    const tries = Array.from({ length: 120 }, (_, index) => 1_100 + index * 200);
    expect(new Set(verdicts(tries))).toEqual(new Set(['deviates']));
  });
});

describe('errors of all instances', () => {
  const answer = (body: string, status: number) =>
    [502, 503, 504].flatMap((backend) =>
      ['GET', 'POST'].map((method) => ({ backend, method, status, tries: 2, body })),
    );

  test('replaced conforms, handed on deviates, too few say nothing', () => {
    const replaced = answer('{"error":{"code":"SERVICE_UNAVAILABLE"}}', 503);
    expect(judgeReplaced('demo', replaced).verdict).toBe('conforms');
    expect(judgeReplaced('demo', answer('{"from":"the backend"}', 503)).verdict).toBe('deviates');
    expect(judgeReplaced('demo', replaced.slice(1)).verdict).toBe('inconclusive');
  });
});

describe('kinds of errors', () => {
  const burst = (method: string, last: boolean) => ({
    label: 'status 503',
    victim: 'bad',
    requests: Array.from({ length: 60 }, (_, index) => ({
      method,
      status: 200,
      tried: index === 1 || (last && index === 55) ? ['bad', 'good'] : ['good'],
    })),
  });

  test('left alone conforms, tried to the end deviates', () => {
    expect(judgeKinds('demo', [503], [burst('GET', false), burst('POST', false)]).verdict).toBe('conforms');
    expect(judgeKinds('demo', [503], [burst('GET', false), burst('POST', true)]).verdict).toBe('deviates');
  });
});

describe('a pool that cannot be reached', () => {
  const refused = (took_ms: number) => Array.from({ length: 80 }, (_, index) => probe(index * 40, took_ms, false));

  test('failing at once conforms, waiting deviates, a busy machine says nothing', () => {
    const verdicts = [4, 5_000, 200].map((took_ms) => judgeFast(refused(took_ms)).verdict);
    expect(verdicts).toEqual(['conforms', 'deviates', 'inconclusive']);
  });

  test('a few that wait until the pool is back do not hide that it was down', () => {
    const rescued = Array.from({ length: 6 }, () => probe(0, 3_000, true));
    expect(judgeFast([...refused(14_000), ...rescued]).verdict).toBe('deviates');
    expect(judgeFast([]).verdict).toBe('inconclusive');
  });

  test('two time-outs are the budget', () => {
    const verdicts = [10_010, 15_000, 10_900, 5_000].map((took_ms) => judgeBudget(refused(took_ms)).verdict);
    expect(verdicts).toEqual(['conforms', 'deviates', 'inconclusive', 'inconclusive']);
  });
});

describe('stale answers', () => {
  const seen = (same: boolean, status: number, zone = 'proxy_cache_path /c inactive=60m;') =>
    judgeStale([
      trialData({
        'answers while the backends fail': ['error', '500', '502', '503', '504'].flatMap((condition) =>
          [1, 2].map(() => JSON.stringify({ condition, status, same })),
        ),
        'cache zones': zone === '' ? [] : [zone],
      }),
    ]).verdict;

  test('old answers conform for an hour; errors deviate; new answers say nothing', () => {
    expect([seen(true, 200), seen(true, 200, 'proxy_cache_path /c inactive=10m;')]).toEqual(['conforms', 'deviates']);
    expect([seen(false, 502, ''), seen(false, 200)]).toEqual(['deviates', 'inconclusive']);
  });
});
