import { describe, expect, test } from 'vitest';
import { iptablesCommands, parseRules } from '../../../conformance/checks/host-firewall.ts';

describe('rules of a host', () => {
  const text = '# comment\nallow from gateway-1 to any port 3000\n\ndeny 3000\n';

  test('are read in the words of ufw', () => {
    expect(parseRules(text)).toEqual([
      { verdict: 'allow', from: 'gateway-1', port: 3000 },
      { verdict: 'deny', port: 3000 },
    ]);
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

  test('a name without a machine makes no rule', () => {
    expect(iptablesCommands([{ verdict: 'allow', from: 'monitoring-1', port: 9100 }], () => [])).toHaveLength(3);
  });
});
