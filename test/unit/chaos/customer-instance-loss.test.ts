import { describe, expect, test } from 'vitest';

import declared from '../../../chaos/experiments/production-gateway/customer-instance-loss.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import { allAnswer } from '../../../chaos/runner/steady-state.ts';
import { parseSettings } from '../../../chaos/runner/settings.ts';
import type { Settings } from '../../../chaos/runner/settings.ts';
import type { SessionProbe } from '../../../chaos/prober/session.ts';

/** Settings of a gateway whose location has these directives. */
const conf = (retry: string): Settings => ({
  keepalived: {},
  nginx: parseSettings(
    `# configuration file /etc/nginx/nginx.conf:
    http {
      upstream customer_backend { server customer-2:3001 max_fails=2 fail_timeout=10s; }
      server { listen 443 ssl; location /api/v1/ { proxy_connect_timeout 5s; ${retry} } }
    }`,
    'gateway',
  ),
});
const SETTINGS = conf('');
const HEALED_MS = 14_000;
const INJECTED_MS = 4_000;

/** Probes each 10 ms for 25 s; the victim takes its share up to the kill and `share` of the requests from 16 s on. */
function trialData(share: number, failed: readonly number[] = []): TrialData {
  const probes = Array.from({ length: 2_500 }, (_, index): SessionProbe => {
    const sent_ms = index * 10;
    const gone = sent_ms > INJECTED_MS && sent_ms < HEALED_MS + 2_000;
    const byVictim = gone ? false : sent_ms < INJECTED_MS ? index % 5 === 0 : index % 100 < share * 100;
    const ok = !failed.includes(index);
    return {
      intended_ms: sent_ms,
      sent_ms,
      done_ms: sent_ms + 5,
      ok,
      kind: ok ? 'status-200' : 'status-502',
      servedBy: byVictim ? 'customer-2' : 'customer-1',
    };
  });
  const after = probes.filter((probe) => probe.sent_ms > INJECTED_MS);
  const bad = after.filter((probe) => !probe.ok).length;
  return {
    probes,
    series: { 'new-connections': probes },
    before: probes.filter((probe) => probe.sent_ms < INJECTED_MS),
    instrumentUnsound: false,
    collected: { log: ['connect() failed (111: Connection refused)'] },
    trial: {
      phase_s: 0,
      lower_s: bad > 5 ? 0.1 : 0,
      upper_s: bad > 5 ? 0.2 : 0,
      failedRequests: bad,
      totalRequests: after.length,
      valid: true,
      errorsByKind: bad > 0 ? { 'status-502': bad } : {},
      timeline: [],
      proberLateness_ms_p99: 1,
      probes: [],
      fault: {
        injected_ms: INJECTED_MS,
        proved_ms: INJECTED_MS + 500,
        reverted_ms: HEALED_MS - 1_000,
        healed_ms: HEALED_MS,
      },
    },
  };
}

const verdicts = (data: TrialData) => declared.judge([data], SETTINGS).map(({ verdict }) => verdict);

describe('losing one customer instance', () => {
  test('no failed request conforms; a return at full share is no slow start', () => {
    expect(verdicts(trialData(0.2))).toEqual(['conforms', 'deviates']);
  });

  test('a gradual return conforms', () => {
    expect(verdicts(trialData(0.01))).toEqual(['conforms', 'conforms']);
  });

  test('failed requests deviate, and are named by kind', () => {
    const [errors] = declared.judge([trialData(0.2, [450, 451, 452, 453, 454, 455, 456])], SETTINGS);
    expect(errors?.verdict).toBe('deviates');
    expect(errors?.observed).toContain('7 of 2099 requests failed (status-502)');
  });

  test('begins when every instance answers: one that the gateway still leaves alone would leave the victim alone in the pool', () => {
    const { probes } = trialData(0.2);
    expect(allAnswer(probes, ['customer-1', 'customer-2'])).toBe(true);
    expect(allAnswer(probes, declared.steadyState.answering ?? [])).toBe(false);
    expect(declared.steadyState.answering).toHaveLength(5);
  });

  test('every claim it verifies is judged', () => {
    expect(declared.judge([trialData(0.2)], SETTINGS).map(({ claim }) => claim)).toEqual(declared.verifies);
  });

  test('the prediction follows the effective settings', () => {
    expect(declared.predict?.(conf('proxy_next_upstream error timeout; proxy_next_upstream_tries 2;')).range_s).toEqual(
      [0, 0],
    );
    expect(declared.predict?.(conf('proxy_next_upstream off;')).range_s).toEqual([0, 10]);
  });
});
