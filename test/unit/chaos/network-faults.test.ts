import { describe, expect, test } from 'vitest';

import { tbf, bandwidthLimit } from '../../../chaos/faults/bandwidth-limit.ts';
import { describeExchange, readExchange } from '../../../chaos/faults/link-probe.ts';
import { dnatRule, link } from '../../../chaos/faults/link.ts';
import { removeRule } from '../../../chaos/faults/network-commands.ts';
import { interfaceOf, networkCut, routesOfInterface } from '../../../chaos/faults/network-cut.ts';
import { dropRules, packetDrop } from '../../../chaos/faults/packet-drop.ts';
import {
  bandwidth,
  latency,
  limitData,
  linkDown,
  resetPeer,
  slowClose,
  timeout,
} from '../../../chaos/faults/toxics.ts';
import { receivedBytes } from '../../../chaos/faults/toxiproxy.ts';
import { fakeTarget } from './fake-target.ts';

const SLOW = link({ from: ['gateway-1'], to: 'customer-2', protocol: 'http' });

describe('rules of the packet filter', () => {
  test('a link leads packets to the listener of the proxy', () => {
    expect(dnatRule({ address: '198.18.64.5', port: 3001 }, '198.18.104.11', 20_001).join(' ')).toBe(
      '-d 198.18.64.5 -p tcp --dport 3001 -j DNAT --to-destination 198.18.104.11:20001',
    );
  });

  test('a rule is deleted as often as it stands there', () => {
    expect(removeRule(['-t', 'nat'], 'OUTPUT', ['-j', 'DNAT'])).toEqual([
      ...['sh', '-c', 'while iptables "$@" 2>/dev/null; do :; done', 'undo'],
      ...['-t', 'nat', '-D', 'OUTPUT', '-j', 'DNAT'],
    ]);
  });

  test.each([
    ['both', ['INPUT -s g -p tcp --dport 3001 -j DROP', 'OUTPUT -d g -p tcp --sport 3001 -j DROP']],
    ['answers', ['OUTPUT -d g -p tcp --sport 3001 -j DROP']],
    ['connect', ['INPUT -s g -p tcp --dport 3001 --syn -j DROP']],
    ['refuse', ['INPUT -s g -p tcp --dport 3001 -j REJECT --reject-with tcp-reset']],
  ] as const)('%s', (kind, rules) => {
    expect(dropRules(3001, 'g', kind).map((rule) => rule.join(' '))).toEqual(rules);
  });

  test('dropped packets are undone in the namespace in which they were dropped', async () => {
    const fault = packetDrop({ from: ['gateway-1'], to: 'customer-2', protocol: 'http', kind: 'both' });
    const undo = await fault.undo(fakeTarget());
    expect(undo.map(({ service, action }) => `${action} ${service}`)).toEqual(Array(2).fill('network-exec customer-2'));
  });
});

describe('exchanges over a link', () => {
  test.each([
    [0, '12 345\n', '', 'answered'],
    [0, '700 0\n', '', 'closed'],
    [7, '', 'bash: connect: Connection refused', 'refused'],
    [0, '3 0\n', "head: error reading 'standard input': Connection reset by peer", 'reset'],
    [7, '', 'bash: connect: No route to host', 'unreachable'],
    [124, '', '', 'timeout'],
  ] as const)('exit code %d, "%s", "%s": %s', (exitCode, stdout, stderr, how) => {
    expect(readExchange(exitCode, stdout, stderr).how).toBe(how);
  });

  test('in words', () => {
    expect(describeExchange(readExchange(0, '12 345\n', ''))).toBe('345 bytes in 12 ms');
    expect(describeExchange(readExchange(124, '', ''))).toBe('timeout');
  });

  test("toxiproxy's counters of one proxy are added up", () => {
    const line = (direction: string, proxy: string, count: number) =>
      `toxiproxy_proxy_received_bytes_total{direction="${direction}",proxy="${proxy}"} ${String(count)}`;
    const metrics = [line('upstream', 'a', 10), line('downstream', 'a', 5), line('upstream', 'ab', 99)].join('\n');
    expect(receivedBytes(metrics, 'a')).toBe(15);
    expect(receivedBytes(metrics, 'b')).toBeNull();
  });
});

describe('faults of the network', () => {
  test('toxics act on both ends of their link, and say what they do', () => {
    const toxics = [latency(SLOW, 500), bandwidth(SLOW, 10), slowClose(SLOW, 500), timeout(SLOW, 0), resetPeer(SLOW)];
    for (const fault of [...toxics, limitData(SLOW, 20), linkDown(SLOW)]) {
      expect(fault.services).toEqual(['gateway-1', 'customer-2']);
      expect(fault.name).toContain('customer-2-from-gateway-1');
    }
  });

  test('a toxic without its link is refused', async () => {
    await expect(latency(SLOW, 500).undo(fakeTarget())).rejects.toThrow('not led through the proxy yet');
  });

  test('what cannot be proved is refused', () => {
    const store = link({ from: ['customer-1'], to: 'postgres-1', protocol: 'postgres' });
    expect(() => bandwidth(store, 10)).toThrow(RangeError);
    expect(() => slowClose(store, 500)).toThrow(RangeError);
  });

  test('the token bucket', () => {
    expect(tbf(500).join(' ')).toBe('qdisc add dev eth0 root tbf rate 500kbit burst 3200 latency 400ms');
    expect(bandwidthLimit('customer-2', { rate_kbitps: 500, seenFrom: 'gateway-1' }).services).toEqual(['customer-2']);
  });

  test('routes by way of a neighbour come back with the interface', () => {
    const addresses =
      '1: lo    inet 127.0.0.1/8 scope host lo\n22: eth1    inet 198.18.0.5/18 brd 198.18.63.255 scope global eth1';
    expect(interfaceOf(addresses, '198.18.0.5')).toBe('eth1');
    expect(() => interfaceOf(addresses, '198.18.0.50')).toThrow('no interface');
    const routes = [
      '198.18.0.0/18 dev eth1 proto kernel scope link src 198.18.0.5',
      '198.18.32.0/19 via 198.18.0.10 dev eth1',
      '10.0.0.0/8 via 10.0.0.1 dev eth2',
    ].join('\n');
    expect(routesOfInterface(routes, 'eth1')).toEqual([['198.18.32.0/19', 'via', '198.18.0.10']]);
  });

  test('a network that the service is not on cannot be cut', async () => {
    await expect(networkCut('customer-2', 'edge').undo(fakeTarget())).rejects.toThrow('not on the network edge');
  });
});
