import { describe, expect, test } from 'vitest';

import { fateOf, judgeHeld, masterSince_ms, onClock } from '../../../chaos/judgements/held-connections.ts';
import { holderLanes, holdings } from '../../../chaos/observers/address-events.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import type { HeldClient, HeldConnection } from '../../../chaos/prober/held-clients-settings.ts';
import { madeTrial } from './trials.ts';

const FAULT_MS = 10_000;
const MOVED_MS = 13_000;

const connection = (
  begun_ms: number,
  answered_ms: number | null,
  ended_ms: number | null = null,
  why = ended_ms === null ? null : 'ECONNRESET',
): HeldConnection => ({ begun_ms, answered_ms, ended_ms, why });

const client = (...connections: HeldConnection[]): HeldClient => ({
  ...{ kind: 'keep-alive', from: '198.18.32.1', failedAttempts: 0 },
  connections,
});
const LOST = client(connection(1_000, 9_900, 13_100), connection(13_600, 14_000));
const WENT_ON = client(connection(1_000, 14_000));

describe('the fate of a held connection', () => {
  const fate = (one: HeldClient) => fateOf(one, { since_ms: 500, injected_ms: FAULT_MS, moved_ms: MOVED_MS });

  test('it goes on when it carries an answer after the address has moved', () =>
    expect(fate(WENT_ON)).toMatchObject({ fate: 'moved on', lost_ms: null }));

  test('it goes on even if the gateway ends it in good order later', () =>
    expect(fate(client(connection(1_000, 15_000, 15_001, 'closed')))).toMatchObject({ fate: 'moved on' }));

  test('it is lost when it ends without one, and the client may come back', () => {
    expect(fate(LOST)).toMatchObject({ fate: 'lost', why: 'ECONNRESET', lost_ms: 13_100, back_ms: 14_000 });
    expect(fate(client(connection(1_000, 9_900, 13_100), connection(13_600, null)))).toMatchObject({ back_ms: null });
  });

  test('an answer of the old holder, sent before the address moved, shows nothing', () =>
    expect(fate(client(connection(1_000, 12_000)))).toMatchObject({ fate: 'unknown' }));

  test('who held nothing when the fault came has no fate', () => {
    expect(fate(client(connection(1_000, 5_000, 9_000), connection(10_500, 14_000)))).toBeNull();
    expect(fate(client(connection(9_990, null)))).toBeNull();
  });

  test('a connection that is older than the holding of the lost node may be the other one’s', () =>
    expect(fate(client(connection(400, 14_000)))).toBeNull());

  test('the connection in use counts, not an earlier one', () =>
    expect(fate(client(connection(1_000, 5_000, 6_000, 'closed'), connection(6_500, 14_000)))).toMatchObject({
      fate: 'moved on',
    }));
});

test('instants are set to another clock', () => {
  const moved = onClock(client(connection(1_000, null, 3_000)), (wall_ms) => wall_ms - 500);
  expect(moved.connections).toEqual([connection(500, null, 2_500)]);
});

describe('judging them', () => {
  const keepalived = ['900 gateway-1 (VI_1) Entering MASTER STATE', '13000 gateway-2 (VI_1) Entering MASTER STATE'];
  /** The other node gets the address. */
  const movedAt =
    (at_ms: number) =>
    (one: TrialData): TrialData => ({
      ...one,
      trial: {
        ...one.trial,
        lanes: holderLanes(
          ['gateway-1', 'gateway-2'],
          holdings([{ at_ms, node: 'gateway-2', held: true }], [], 0, 20_000),
          20_000,
        ),
      },
    });
  const trial = (clients: readonly HeldClient[], invalidReason?: string): TrialData => ({
    ...madeTrial({
      answer: () => 'gateway-1',
      ...{ injected_ms: FAULT_MS, reverted_ms: 20_000, healed_ms: 20_100, end_ms: 21_000 },
      ...(invalidReason === undefined ? {} : { invalidReason }),
    }),
    collected: { 'held clients': clients.map((one) => JSON.stringify(one)), keepalived },
  });
  const judge = (...trials: TrialData[]) => judgeHeld('c', trials.map(movedAt(MOVED_MS)), 2, 'gateway-1');

  test('all go on: kept', () => expect(judge(trial([WENT_ON, WENT_ON])).verdict).toBe('conforms'));

  test('one lost connection breaks it, whoever comes back; clients say how it broke', () => {
    const judged = judge(trial([WENT_ON, LOST]));
    expect(judged).toMatchObject({
      verdict: 'deviates',
      observed:
        '1 of 2 held connections went on; 1 of 1 were served over a new connection, the last 4.0 s after the fault',
    });
    expect(judged.reason).toContain('keep-alive: ECONNRESET');
  });

  test('nobody comes back', () =>
    expect(judge(trial([client(connection(1_000, 9_900, 13_100))])).observed).toBe(
      '0 of 1 held connections went on; 0 of 1 were served over a new connection',
    ));

  test('too few held, a fate that is not known, or a trial given up: it cannot tell', () => {
    expect(judge(trial([WENT_ON])).verdict).toBe('inconclusive');
    expect(judge(trial([WENT_ON, client(connection(1_000, 12_000))])).verdict).toBe('inconclusive');
    expect(judge(trial([])).verdict).toBe('inconclusive');
    expect(judge(trial([LOST, LOST], 'the prober was late')).verdict).toBe('inconclusive');
  });

  test('without a takeover the answers after the fault count', () =>
    expect(judgeHeld('c', [trial([client(connection(1_000, 10_500)), WENT_ON])], 2, 'gateway-1').verdict).toBe(
      'conforms',
    ));

  test('connections that the lost node cannot have accepted do not count', () => {
    const older = client(connection(800, 14_000));
    expect(masterSince_ms(trial([]), 'gateway-1')).toBe(900);
    expect(masterSince_ms(trial([]), 'gateway-2')).toBe(0);
    expect(judge(trial([WENT_ON, older])).verdict).toBe('inconclusive');
  });
});
