import { describe, expect, test } from 'vitest';
import { judgeBan } from '../../../conformance/checks/ban-judgement.ts';
import type { BanPromise, BanSeen } from '../../../conformance/checks/ban-judgement.ts';
import { complaintsIn, parseBans, parseJails } from '../../../conformance/checks/fail2ban.ts';

const promise: BanPromise = { what: 'refusals', maxretry: 10, findtime_s: 600, bantime_s: 3600, within_s: 5 };

const jail = { name: 'limits', maxretry: 10, findtime_s: 600, bantime_s: 3600 };
const banned: BanSeen = {
  fail2ban: { running: true, complaints: [], jails: [jail], config: '[limits]' },
  servedBefore: true,
  many: { address: '198.18.1.1', failures: 12 },
  few: { address: '198.18.1.2', failures: 4 },
  bannedAfter_ms: 1500,
  looked_ms: 1500,
  openPorts: [],
  heldAnswered: false,
  fewServed: true,
  bystanderServed: true,
  ban: { jail: 'limits', address: '198.18.1.1', lasts_s: 3600 },
  lifted: { bantime_s: 6, began: true, lasted_ms: 6400 },
  logged: ['limiting requests'],
  rules: [],
  log: [],
};
const free: BanSeen = {
  ...banned,
  bannedAfter_ms: null,
  looked_ms: 10_100,
  openPorts: [443, 80],
  heldAnswered: null,
  ban: undefined,
  lifted: undefined,
};
const judge = (changes: Partial<BanSeen>) => judgeBan(promise, { ...banned, ...changes });

describe('a ban', () => {
  test('of whoever fails often, and of nobody else, is as promised', () => {
    expect(judge({}).verdict).toBe('conforms');
    expect(judge({}).observed).toContain('banned after 1.5 s for 3600 s by limits; one of 6 s ended after 6.4 s');
  });

  test.each<[string, Partial<BanSeen>]>([
    ['port 80 stayed open', { openPorts: [80] }],
    ['a connection from before was answered', { heldAnswered: true }],
    ['an address with 4 refusals was banned too', { fewServed: false }],
    ['an address without any was refused', { bystanderServed: false }],
    ['it stands on no list', { ban: undefined, lifted: undefined }],
    ['ban of 60 s instead of 3600', { ban: { jail: 'limits', address: '198.18.1.1', lasts_s: 60 } }],
    ['findtime of 60 s', { fail2ban: { ...banned.fail2ban, jails: [{ ...jail, findtime_s: 60 }] } }],
    ['maxretry of 5 failures', { fail2ban: { ...banned.fail2ban, jails: [{ ...jail, maxretry: 5 }] } }],
    ['a second address was not banned', { lifted: { bantime_s: 6, began: false, lasted_ms: null } }],
    ['a ban of 6 s did not end', { lifted: { bantime_s: 6, began: true, lasted_ms: null } }],
    ['a ban of 6 s lasted 1.0 s', { lifted: { bantime_s: 6, began: true, lasted_ms: 1000 } }],
  ])('deviates: %s', (told, changes) => {
    const outcome = judge(changes);
    expect(outcome.verdict).toBe('deviates');
    expect(outcome.observed).toContain(told);
    expect(outcome.onlyLate).toBeUndefined();
  });

  test('counts from the last failure', () => {
    const lasting = (lasts_s: number) => judge({ ban: { jail: 'limits', address: '198.18.1.1', lasts_s } }).verdict;
    expect([3599, 3600, 3601, 3700].map(lasting)).toEqual(['deviates', 'conforms', 'conforms', 'deviates']);
  });

  test('that comes later than promised may be due to the machine', () => {
    expect(judge({ bannedAfter_ms: 5600 })).toMatchObject({ verdict: 'deviates', onlyLate: true });
    expect(judge({ bannedAfter_ms: 5600, openPorts: [80] }).onlyLate).toBeUndefined();
  });

  test('cannot be told without enough failures, or with too many of the address that has few', () => {
    expect(judgeBan(promise, { ...free, many: { ...free.many, failures: 10 } }).verdict).toBe('inconclusive');
    expect(judge({ few: { ...banned.few, failures: 10 } }).verdict).toBe('inconclusive');
    expect(judge({ few: { ...banned.few, failures: 0 } }).verdict).toBe('inconclusive');
    expect(judge({ servedBefore: false }).verdict).toBe('inconclusive');
  });

  test('needs no promised count of failures', () => {
    const { what, bantime_s } = promise;
    expect(judgeBan({ what, bantime_s }, banned).verdict).toBe('conforms');
    expect(judgeBan({ what, bantime_s }, free).verdict).toBe('deviates');
  });
});

describe('without a ban', () => {
  test('the reason is why Fail2ban does not run', () => {
    const complaints = ["Found no accessible config files for 'filter.d/x'"];
    const outcome = judgeBan(promise, {
      ...free,
      fail2ban: { ...free.fail2ban, running: false, complaints, jails: [] },
    });
    expect(outcome).toMatchObject({ verdict: 'deviates', reason: `Fail2ban does not start: ${complaints[0] ?? ''}` });
    expect(outcome.observed).toContain('still served 10 s after the last');
  });

  test('or which jail it leaves out, or that none counts', () => {
    const partly = { ...free, fail2ban: { ...free.fail2ban, complaints: ["Errors in jail 'x'"] } };
    expect(judgeBan(promise, partly).reason).toBe("Fail2ban leaves a jail out: Errors in jail 'x'");
    expect(judgeBan(promise, free).reason).toBe('no jail counts these failures');
  });
});

describe('the words of Fail2ban', () => {
  test('name a jail and its numbers', () => {
    expect(parseJails('nginx-req-limit 10 600 3600\nfor-ever 5 60 -1\n')).toEqual([
      { name: 'nginx-req-limit', maxretry: 10, findtime_s: 600, bantime_s: 3600 },
      { name: 'for-ever', maxretry: 5, findtime_s: 60, bantime_s: -1 },
    ]);
    expect(parseJails('')).toEqual([]);
  });

  test('list bans with their length', () => {
    const text =
      '10.1.2.3 \t2026-11-29 05:24:07 + 3600 = 2026-11-29 06:24:07\n10.1.2.4 \t2026-11-29 05:24:07 + 6 = x\n';
    expect(parseBans('limits', text)).toEqual([
      { jail: 'limits', address: '10.1.2.3', lasts_s: 3600 },
      { jail: 'limits', address: '10.1.2.4', lasts_s: 6 },
    ]);
  });

  test('complain once', () => {
    const line = "2026-11-29 05:24:04,115 fail2ban.jailreader     [11]: ERROR   Unable to read the filter 'x'\n";
    expect(complaintsIn(`${line}${line}2026 fail2ban [1]: INFO  fine\n`)).toEqual(["Unable to read the filter 'x'"]);
  });
});
