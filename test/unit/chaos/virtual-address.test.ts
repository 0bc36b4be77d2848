import { describe, expect, test } from 'vitest';

import { judgeEach, holdersAt, logged_ms, takeover_ms, twice_ms } from '../../../chaos/judgements/holders.ts';
import { heldTwice_ms, holderLanes, holdings } from '../../../chaos/observers/address-events.ts';
import { parseAddressEvents, parseNeighbourMoves } from '../../../chaos/observers/address-events.ts';
import { parseStamped, telling } from '../../../chaos/observers/keepalived-log.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';

const VIP = '198.18.0.100';
const NODES = ['gateway-1', 'gateway-2'];

describe('events of an address', () => {
  test('it comes and goes, other addresses do not count', () => {
    const lines = [
      `[2026-01-02T03:04:05.500000] 9: eth1    inet ${VIP}/18 scope global secondary eth1\\  valid_lft forever`,
      '[2026-01-02T03:04:05.600000] 9: eth1    inet 198.18.0.10/18 scope global eth1\\  valid_lft forever',
      `[2026-01-02T03:04:06.250000] Deleted 9: eth1    inet ${VIP}/18 scope global secondary eth1`,
    ];
    const at = Date.parse('2026-01-02T03:04:05.500Z');
    expect(parseAddressEvents(lines, 'gateway-2', VIP)).toEqual([
      { at_ms: at, node: 'gateway-2', held: true },
      { at_ms: at + 750, node: 'gateway-2', held: false },
    ]);
  });

  test('a neighbour entry moves when its link address changes', () => {
    const line = (second: number, lladdr: string) =>
      `[2026-01-02T03:04:0${second}.000000] ${VIP} dev eth0 lladdr ${lladdr} REACHABLE`;
    const lines = [line(1, '02:aa'), line(2, '02:bb'), line(3, '02:bb')];
    expect(parseNeighbourMoves(lines, VIP).map(({ lladdr }) => lladdr)).toEqual(['02:bb']);
    expect(parseNeighbourMoves(lines, VIP, '02:00').map(({ lladdr }) => lladdr)).toEqual(['02:aa', '02:bb']);
  });

  test('spans, lanes and the time with two holders', () => {
    const events = [
      { at_ms: 1_000, node: 'gateway-2', held: true },
      { at_ms: 1_200, node: 'gateway-1', held: false },
    ];
    const spans = holdings(events, ['gateway-1'], 0, 3_000);
    expect(spans).toEqual([
      { node: 'gateway-1', from_ms: 0, to_ms: 1_200 },
      { node: 'gateway-2', from_ms: 1_000, to_ms: 3_000 },
    ]);
    expect(heldTwice_ms(spans)).toBe(200);
    expect(holderLanes(NODES, spans, 3_000)[1]?.spans.map(({ state, to_ms }) => [state, to_ms])).toEqual([
      ['without', 1_000],
      ['holds it', 3_000],
    ]);
  });
});

test('stamped lines are read, and the telling ones kept', () => {
  const lines = parseStamped(
    '2026-01-02T03:04:05.678Z (VI_1) Entering MASTER STATE\nno stamp\n2026-01-02T03:04:06.000Z Opening file',
    'gateway-2',
  );
  expect(lines).toHaveLength(2);
  expect(telling(lines).map(({ text }) => text)).toEqual(['(VI_1) Entering MASTER STATE']);
});

/** A trial with a fault at 1 s that is undone at 8 s; the standby takes over at `taken_ms`. */
function trial(taken_ms: number | null, valid = true): TrialData {
  const events =
    taken_ms === null
      ? []
      : [
          { at_ms: 1_000, node: 'gateway-1', held: false },
          { at_ms: taken_ms, node: 'gateway-2', held: true },
        ];
  return {
    probes: [],
    series: {},
    before: [],
    instrumentUnsound: false,
    collected: { keepalived: ['900 gateway-1 script failed', '3500 gateway-1 script failed'] },
    trial: {
      phase_s: 0,
      lower_s: 0,
      upper_s: 0,
      failedRequests: 0,
      totalRequests: 1,
      valid,
      ...(valid ? {} : { invalidReason: 'late' }),
      errorsByKind: {},
      timeline: [],
      lanes: holderLanes(NODES, holdings(events, ['gateway-1'], 0, 10_000), 10_000),
      fault: { injected_ms: 1_000, proved_ms: 1_100, reverted_ms: 8_000, healed_ms: 8_500 },
      proberLateness_ms_p99: 1,
      probes: [],
    },
  };
}

describe('judging who held the address', () => {
  test('instants are read from lanes and log', () => {
    const one = trial(3_600);
    expect(takeover_ms(one.trial, 'gateway-1')).toBe(3_600);
    expect(holdersAt(one.trial, 2_000)).toEqual([]);
    expect(holdersAt(one.trial, 4_000)).toEqual(['gateway-2']);
    expect(twice_ms(one.trial)).toBe(0);
    expect(logged_ms(one, /failed/)).toBe(2_500);
    expect(takeover_ms(trial(null).trial, 'gateway-1')).toBeNull();
  });

  const look = ({ trial: seen }: TrialData) => {
    const at_ms = takeover_ms(seen, 'gateway-1');
    return { kept: at_ms === null ? null : at_ms < 5_000, seen: String(at_ms) };
  };
  const verdict = (...trials: TrialData[]) => judgeEach('c', 'e', trials, look, 'm').verdict;

  test('every trial must say yes', () => expect(verdict(trial(3_000), trial(4_000))).toBe('conforms'));
  test('one no is enough', () => expect(verdict(trial(3_000), trial(6_000))).toBe('deviates'));
  test('a trial that cannot tell leaves it open', () =>
    expect(verdict(trial(3_000), trial(null))).toBe('inconclusive'));
  test('trials thrown away say nothing', () => expect(verdict(trial(6_000, false))).toBe('inconclusive'));
});
