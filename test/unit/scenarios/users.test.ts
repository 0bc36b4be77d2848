import { describe, expect, test } from 'vitest';
import { talliesOf } from '../../../scenarios/engines/k6-summary.ts';
import { REFUSED_RULE } from '../../../scenarios/engines/validity.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import loginStorm from '../../../scenarios/definitions/production-gateway/login-storm.ts';
import socketioSessions from '../../../scenarios/definitions/production-gateway/socketio-sessions.ts';
import uploads from '../../../scenarios/definitions/production-gateway/uploads.ts';
import websocketSessions from '../../../scenarios/definitions/production-gateway/websocket-sessions.ts';
import type { Scenario } from '../../../scenarios/scenario.ts';

const sound = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];
const refusing = [{ rule: REFUSED_RULE, holds: false, seen: '700 requests got 429' }];
const starved = [{ rule: 'generator below 85 % of its CPU', holds: false, seen: '97 %' }];

/** Forty seconds in which so many of 800 sessions were served. */
function seen(tallies: Readonly<Record<string, number>>, answered = 800): LoadSeen {
  const outcomes = { answered, refused: 0, failed: 800 - answered };
  return {
    shape: { rate_perS: 20, warmup_s: 10, measured_s: 40 },
    sutCores: 1,
    measured: { offered: 800, achieved: 800, users: 24, outcomes, tallies } as unknown as LoadSeen['measured'],
    resources: [],
  };
}

/** Judges the promise of a scenario about a claim, and says the verdict. */
function verdict(scenario: Scenario, claim: string, load: LoadSeen, validity = sound): string {
  const promise = scenario.figures?.find((figure) => figure.claim === `production-gateway.${claim}`);
  if (!promise) throw new Error(`no promise about ${claim}`);
  return judgeFigure(promise, load, validity).verdict;
}

describe('WebSocket users', () => {
  test('are upgraded and answered, or not', () => {
    const upgrade = (answered: number, validity = sound): string =>
      verdict(websocketSessions, 'websocket.upgrade', seen({}, answered), validity);
    expect(upgrade(800)).toBe('conforms');
    expect(upgrade(793)).toBe('inconclusive');
    expect(upgrade(700)).toBe('deviates');
    expect(upgrade(700, starved)).toBe('inconclusive');
  });

  test('return to their instance, or to another', () => {
    const sticky = (tallies: Readonly<Record<string, number>>, validity = sound): string =>
      verdict(websocketSessions, 'websocket.sticky', seen(tallies), validity);
    expect(sticky({ returned: 500 })).toBe('conforms');
    expect(sticky({ returned: 100, moved: 400 })).toBe('deviates');
    expect(sticky({ returned: 20 })).toBe('inconclusive');
    expect(sticky({ returned: 500 }, starved)).toBe('inconclusive');
  });
});

test('Socket.IO users complete their sessions, or not', () => {
  const route = (answered: number, validity = sound): string =>
    verdict(socketioSessions, 'websocket.socketio-route', seen({}, answered), validity);
  expect(route(800)).toBe('conforms');
  // One of a hundred failed: the share could be below 99 % as well as above.
  expect(route(792)).toBe('inconclusive');
  expect(route(770)).toBe('deviates');
  expect(route(0)).toBe('deviates');
  expect(route(0, starved)).toBe('inconclusive');
});

describe('a storm on the login', () => {
  /** Twelve addresses guess for forty seconds: 2,400 times. */
  const guessed = (let_through: number, failed = 0): Readonly<Record<string, number>> => ({
    logins_let_through: let_through,
    logins_refused: 2_400 - let_through - failed,
    logins_failed: failed,
  });
  const stricter = (tallies: Readonly<Record<string, number>>, validity = refusing): string =>
    verdict(loginStorm, 'rate-limit.custom-sensitive-endpoints', seen(tallies), validity);
  const isolated = (tallies: Readonly<Record<string, number>>, validity = refusing): string =>
    verdict(loginStorm, 'rate-limit.isolation', seen(tallies), validity);

  test('meets a limit of its own, or that of all routes', () => {
    expect(stricter(guessed(12 * 7))).toBe('conforms');
    expect(stricter(guessed(12 * 67))).toBe('deviates');
  });

  test('shows nothing when it was a breeze, or when logins failed', () => {
    expect(stricter({ logins_let_through: 12 * 7 })).toBe('inconclusive');
    expect(stricter(guessed(84, 300))).toBe('inconclusive');
    expect(stricter(guessed(84), starved)).toBe('inconclusive');
  });

  test('leaves others alone, or does not', () => {
    expect(isolated({ ...guessed(84), neighbours_served: 480 })).toBe('conforms');
    expect(isolated({ ...guessed(84), neighbours_served: 300, neighbours_disturbed: 180 })).toBe('deviates');
    expect(isolated({ ...guessed(2_400), neighbours_served: 480 })).toBe('inconclusive');
    expect(isolated(guessed(84))).toBe('inconclusive');
  });
});

test('uploads are taken, refused for their size, or failed otherwise', () => {
  const taken = (tallies: Readonly<Record<string, number>>): string =>
    verdict(uploads, 'request-limits.upload-100mb', seen(tallies));
  expect(taken({ uploads_begun: 12, uploads_accepted: 12 })).toBe('conforms');
  expect(taken({ uploads_begun: 12, uploads_too_large: 12 })).toBe('deviates');
  expect(taken({ uploads_begun: 13, uploads_too_large: 11 })).toBe('deviates');
  expect(taken({ uploads_begun: 12, uploads_accepted: 11 })).toBe('inconclusive');
  expect(taken({ uploads_begun: 3, uploads_accepted: 3 })).toBe('inconclusive');
});

test('tallies of several generators are added up, other metrics are not tallies', () => {
  const summary = (count: number) => ({
    gateproof_tally_moved: { values: { count } },
    http_reqs: { values: { count: 9 } },
  });
  expect(talliesOf([summary(2), null, summary(3)])).toEqual({ moved: 5 });
});
