import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ENVIRONMENTS_DIR } from '../../../environments/harness/environments.ts';
import { groupsOf, trafficOf } from '../../../environments/harness/local-figures.ts';
import { statusReader } from '../../../environments/harness/nginx-status.ts';
import { monitoringFiles } from '../../../environments/harness/prometheus.ts';
import { readTcpCounters } from '../../../environments/harness/tcp-counters.ts';

const ID = '81f5abdbe0a0';

describe('control groups of a container', () => {
  const at = (controller: string): string => `/sys/fs/cgroup/${controller}/docker/${ID}`;

  test('are found in either version, and in the first where a machine has both', () => {
    const first = `9:name=systemd:/docker/${ID}\n4:memory:/docker/${ID}\n2:cpu,cpuacct:/docker/${ID}\n`;
    const groups = { version: 1, cpu: at('cpu'), cpuacct: at('cpuacct'), memory: at('memory') };
    expect(groupsOf(first, ID)).toEqual(groups);
    expect(groupsOf(`${first}0::/docker/${ID}\n`, ID)).toEqual(groups);
    const scope = `/sys/fs/cgroup/system.slice/docker-${ID}.scope`;
    expect(groupsOf(`0::/system.slice/docker-${ID}.scope\n`, ID)).toEqual({
      version: 2,
      cpu: scope,
      cpuacct: scope,
      memory: scope,
    });
  });

  test("another process' groups are not taken for it: the engine may be on another machine", () => {
    expect(groupsOf('8:memory:/docker/ffffffffffff\n0::/init.scope\n', ID)).toBeNull();
    expect(groupsOf('', ID)).toBeNull();
  });
});

test('traffic is that of all interfaces but the loopback', () => {
  const devices = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier',
    '    lo:  900      9    0    0    0     0          0         0   900      9    0    0    0     0       0',
    '  eth0: 1000     10    0    0    0     0          0         0  2000     20    0    0    0     0       0',
    'eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0',
  ].join('\n');
  expect(trafficOf(devices)).toEqual({ received_bytes: 1005, sent_bytes: 2007 });
});

const ANSWER = [
  'Active connections: 291 ',
  'server accepts handled requests',
  ' 16630948 16630940 31070465 ',
  'Reading: 6 Writing: 179 Waiting: 106 ',
];

describe('answers of stub_status', () => {
  test('are read when their last line has come', () => {
    const take = statusReader();
    expect(ANSWER.map(take)).toEqual([
      null,
      null,
      null,
      {
        accepted: 16630948,
        handled: 16630940,
        requests: 31070465,
        active: 291,
        reading: 6,
        writing: 179,
        waiting: 106,
      },
    ]);
  });

  test('an error page and half an answer give nothing', () => {
    const take = statusReader();
    expect(['<html>', ANSWER[0] ?? '', ANSWER[3] ?? ''].map(take)).toEqual([null, null, null]);
  });
});

describe('flags of Prometheus', () => {
  const flags = async (variant: string, remoteWrite: boolean): Promise<string | undefined> => {
    const dir = join(ENVIRONMENTS_DIR, 'production-gateway', variant);
    const files = await monitoringFiles({ dir }, remoteWrite);
    return files.find(({ path }) => path === '/etc/prometheus/prometheus.flags')?.content.toString();
  };

  test('are those of the variant', async () => {
    expect(await flags('documented', false)).toBeUndefined();
    expect(await flags('hardened', false)).toBe('--storage.tsdb.retention.time=30d\n');
  });

  test('and what remote write needs, when it is asked for', async () => {
    const needed = '--web.enable-remote-write-receiver\n--enable-feature=native-histograms\n';
    expect(await flags('documented', true)).toBe(needed);
    expect(await flags('hardened', true)).toBe(`--storage.tsdb.retention.time=30d\n${needed}`);
  });
});

test('segments sent again are counted without those that open connections', () => {
  const text = [
    'Ip: Forwarding DefaultTTL',
    'Ip: 1 64',
    'Tcp: RtoAlgorithm MaxConn OutSegs RetransSegs InErrs',
    'Tcp: 1 -1 5000 70 0',
    'TcpExt: SyncookiesSent TCPSynRetrans',
    'TcpExt: 0 50',
  ];
  expect(readTcpCounters(text.join('\n'))).toEqual({ sent: 5000, again: 20 });
  expect(readTcpCounters('')).toEqual({ sent: 0, again: 0 });
});
