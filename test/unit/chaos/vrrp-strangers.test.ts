import { describe, expect, test } from 'vitest';

import { countedBy } from '../../../chaos/faults/vrrp-stranger.ts';
import {
  firstEight,
  onlyWhatTravels,
  strangerConfig,
  writtenPassword,
} from '../../../chaos/faults/vrrp-stranger-config.ts';
import { judgeStrangers, resultOf } from '../../../chaos/judgements/strangers.ts';
import type { Attempt } from '../../../chaos/judgements/strangers.ts';
import { passwordIn } from '../../../chaos/observers/advert-password.ts';
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import { madeTrial } from './trials.ts';

const PAIR = `vrrp_instance VI_1 {
    virtual_router_id 51
    priority 100
    advert_int 1
    authentication {
        auth_type PASS
        auth_pass Ab!defghijkl
    }
    virtual_ipaddress {
        198.18.0.100/17
    }
}`;
const LONG = { text: 'Ab!defghijkl', quoted: false, characters: 'Ab!defghijkl' };

describe('passwords of strangers', () => {
  test('the written one is read with and without quotes', () => {
    expect(writtenPassword(PAIR)).toEqual(LONG);
    expect(writtenPassword('  auth_pass "a b"  ')).toEqual({ text: '"a b"', quoted: true, characters: 'a b' });
    expect(writtenPassword('vrrp_version 3')).toBeNull();
  });

  test('the first eight characters stay, all others change', () => {
    expect(firstEight(LONG)).toBe('Ab!defghxxxx');
    expect(firstEight({ ...LONG, text: '"12345678x"', quoted: true, characters: '12345678x' })).toBe('"12345678y"');
    expect(firstEight({ ...LONG, characters: '12345678' })).toBeNull();
  });

  test('what travels is known to the letter; all of it is no stranger', () => {
    expect(onlyWhatTravels(LONG, 'Ab')).toBe('"Ab"');
    expect(onlyWhatTravels(LONG, 'Ab!defgh')).toBe('"Ab!defghxxxx"');
    expect(onlyWhatTravels({ ...LONG, characters: 'Ab' }, 'Ab')).toBeNull();
  });

  test('the stranger copies router, interval and address', () => {
    const config = strangerConfig(PAIR, { address: '198.18.15.11', peers: ['198.18.0.101', '198.18.0.102'] }, 'x');
    for (const line of ['virtual_router_id 51', 'priority 255', 'advert_int 1', 'auth_pass x', '198.18.0.100/17'])
      expect(config).toContain(line);
    expect(config).toContain('198.18.0.101\n        198.18.0.102');
    expect(() => strangerConfig('', { address: '', peers: [] }, 'x')).toThrow('virtual_router_id');
  });
});

test('the password is read out of an advert', () => {
  const ip = `4500002c${'00'.repeat(16)}`;
  const head = '21336401' + '0101' + '0000' + 'c6120064';
  expect(passwordIn(`${ip}${head}4162000000000000`)).toBe('Ab');
  expect(passwordIn(`${ip}${head}4162216465666768`)).toBe('Ab!defgh');
  expect(passwordIn(`${ip}3133640100640000c6120064`)).toBeNull();
  expect(() => passwordIn('45')).toThrow('no packet');
});

test('adverts of the stranger are counted', () => {
  const listed = `Chain INPUT (policy ACCEPT 9 packets, 9 bytes)
    pkts      bytes target     prot opt in     out     source               destination
       7      280            112  --  *      *       198.18.15.11         0.0.0.0/0`;
  expect(countedBy(listed, '198.18.15.11')).toBe(7);
  expect(countedBy(listed, '198.18.15.1')).toBe(0);
});

describe('judging strangers', () => {
  const one = (knew: string, holders: readonly string[], peer = false): Attempt => ({
    ...{ knew, holders, from_ms: 1_000, to_ms: 2_000 },
    ...(peer ? { peer: true as const } : {}),
  });
  const peer = one('the whole password', [], true);
  const trial = (attempts: readonly Attempt[] | null, invalidReason?: string): TrialData => ({
    ...madeTrial({
      answer: () => 'gateway-1',
      ...{ injected_ms: 500, reverted_ms: 3_000, healed_ms: 3_100, end_ms: 4_000 },
      ...(invalidReason === undefined ? {} : { invalidReason }),
    }),
    collected: attempts === null ? {} : { strangers: [JSON.stringify({ written: 12, carried: 2, attempts })] },
  });
  const judge = (...trials: TrialData[]) => judgeStrangers('c', trials, 'gateway-1');

  test('who is believed leaves the pair without the address', () => {
    expect(resultOf(peer, 'gateway-1')).toBe('believed');
    expect(resultOf(one('', ['gateway-1']), 'gateway-1')).toBe('refused');
    expect(resultOf(one('', ['gateway-2']), 'gateway-1')).toBe('unclear');
    expect(resultOf(one('', ['gateway-1', 'gateway-2']), 'gateway-1')).toBe('unclear');
  });

  test('all refused, the peer believed: kept', () => {
    const judged = judge(trial([peer, one('wrong', ['gateway-1'])]));
    expect(judged.verdict).toBe('conforms');
    expect(judged.observed).toContain('with wrong: refused');
  });

  test('one believed stranger breaks it, and the mechanism says what adverts carry', () => {
    const judged = judge(trial([peer, one('wrong', ['gateway-1']), one('a part', [])]));
    expect(judged).toMatchObject({ verdict: 'deviates' });
    expect(judged.reason).toBe(
      'adverts carry 2 of the 12 characters that were written, in the clear, and nothing else is compared: strangers were believed with a part',
    );
  });

  test('a stranger that is not heard, as in a trial given up, says nothing', () => {
    expect(judge(trial([peer, one('a part', [])], 'no node has the address: not within 20000 ms')).verdict).toBe(
      'inconclusive',
    );
    expect(judge(trial(null)).verdict).toBe('inconclusive');
    expect(judge(trial([peer])).verdict).toBe('inconclusive');
    expect(judge(trial([peer, one('wrong', ['gateway-2'])])).verdict).toBe('inconclusive');
  });

  test('clients that a refused stranger misled stand in the table', () => {
    const table = judge(trial([peer, one('wrong', ['gateway-1'])])).evidence[0];
    expect(table).toMatchObject({ kind: 'table' });
    expect(JSON.stringify(table)).toContain('0 of 100');
  });
});
