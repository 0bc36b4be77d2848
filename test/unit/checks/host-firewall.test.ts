import { describe, expect, test } from 'vitest';
import {
  addressesOf,
  admitted,
  iptablesCommands,
  judgeAdmitted,
  parseRules,
  pollingHost,
} from '../../../conformance/checks/host-firewall.ts';

describe('rules of a host', () => {
  const text = '# comment\nallow from gateway-1 to any port 3000\n\ndeny 3000\n';

  test('are read in the words of ufw', () => {
    expect(parseRules(text)).toEqual([
      { verdict: 'allow', from: 'gateway-1', port: 3000 },
      { verdict: 'deny', port: 3000 },
    ]);
    expect(parseRules('allow 3000')).toEqual([{ verdict: 'allow', port: 3000 }]);
    expect(() => parseRules('allow everything')).toThrow('no firewall rule: allow everything');
  });

  test('keep their order, and drop what nobody allowed', () => {
    const commands = iptablesCommands(parseRules(text), () => ['198.18.64.11', '198.18.0.101']);
    expect(commands.slice(2)).toEqual([
      'iptables -A INPUT -p tcp -s 198.18.64.11 --dport 3000 -j ACCEPT',
      'iptables -A INPUT -p tcp -s 198.18.0.101 --dport 3000 -j ACCEPT',
      'iptables -A INPUT -p tcp --dport 3000 -j DROP',
      'iptables -P INPUT DROP',
    ]);
  });

  test('allow whom they name before they deny the rest', () => {
    const rules = parseRules(`${text}allow from admin-1 to any port 3000\nallow 3001\n`);
    expect([admitted(rules, 3000), admitted(rules, 3001), admitted(rules, 22)]).toEqual([['gateway-1'], ['any'], []]);
    expect(judgeAdmitted(['gateway-1'], [3000], rules).verdict).toBe('conforms');
    expect(judgeAdmitted(['gateway-1'], [3000, 3001], rules).verdict).toBe('deviates');
  });

  test('take networks as they are written, and know their names', () => {
    const topology = {
      services: [{ name: 'admin-1', role: 'app', containerId: '', addresses: { backend: '198.18.64.21' } }],
      networks: { operators: { id: '', cidr: '10.200.0.0/16' } },
    } as const;
    const of = (name: string) => addressesOf(topology, name);
    expect(['any', '10.0.0.0/8', 'internal', 'admin-1', 'monitoring-1'].map(of)).toEqual([
      ['0.0.0.0/0'],
      ['10.0.0.0/8'],
      ['10.200.0.0/16'],
      ['198.18.64.21'],
      [],
    ]);
    expect(() => of('gatevay-1')).toThrow('no such source');
  });

  test('are met by the machine that deploys: a host of its own, or what the variant names', () => {
    expect(pollingHost(undefined)).toBe('monitoring-1');
    expect(pollingHost('drain_s=30\npolled_from=gateway-1\n')).toBe('gateway-1');
  });

  test('a name without a machine makes no rule', () => {
    expect(iptablesCommands([{ verdict: 'allow', from: 'monitoring-1', port: 9100 }], () => [])).toHaveLength(3);
  });
});
