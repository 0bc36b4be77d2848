/** A topology in memory: services that run or not, and a prober whose probes fail while one of them does not. */
import { PassThrough } from 'node:stream';

import { NotOurs } from '../../../environments/harness/fault-actions.ts';
import { monotonic_ms } from '../../../measurement/clock.ts';
import type { ProberCommand, ProberEvent, ProbeRecord } from '../../../chaos/prober/protocol.ts';
import type { ProberPipe } from '../../../chaos/prober/session.ts';
import type { ChaosTarget, FaultHost } from '../../../chaos/runner/target.ts';

export interface FakeOptions {
  /** Probes fail while this service does not run; none when absent. */
  readonly neededByClients?: string;
  readonly lateness_ms?: number;
  /** Only the first prober is late. */
  readonly lateOnce?: boolean;
  readonly startFails?: boolean;
  /** The engine's containers belong to somebody else. */
  readonly foreign?: boolean;
}

export interface FakeTarget extends ChaosTarget {
  readonly calls: readonly string[];
  readonly running: ReadonlyMap<string, boolean>;
}

const INTERVAL_MS = 10;
const NGINX = `# configuration file /etc/nginx/nginx.conf:
http {
  upstream customer_backend {
    server customer-1:3001 max_fails=2 fail_timeout=10s;
    server customer-2:3001 max_fails=3 fail_timeout=30s;
  }
  server { listen 443 ssl; location /api/v1/ { proxy_connect_timeout 5s; proxy_next_upstream error timeout; proxy_next_upstream_tries 2; } }
}`;

export function fakeTarget(options: FakeOptions = {}): FakeTarget {
  let probers = 0;
  const calls: string[] = [];
  const running = new Map([
    ['gateway-1', true],
    ['customer-1', true],
    ['customer-2', true],
  ]);
  const down = (): boolean => options.neededByClients !== undefined && running.get(options.neededByClients) === false;
  const nameOf = (id: string): string => id.replace('id-', '');
  const refused = async (): Promise<never> => Promise.reject(new Error('not in this topology'));
  const ours = (id: string): string => {
    if (options.foreign) throw new NotOurs(id, 'test-run');
    return nameOf(id);
  };
  const host: FaultHost = {
    inspect: async (id) => ({
      running: running.get(nameOf(id)) ?? false,
      paused: false,
      labels: {},
      networks: {},
      outOfMemory: false,
    }),
    kill: async (id) => {
      calls.push(`kill ${ours(id)}`);
      running.set(nameOf(id), false);
    },
    start: async (id) => {
      if (options.foreign) return;
      calls.push(`start ${ours(id)}`);
      if (options.startFails) throw new Error('the engine does not answer');
      running.set(nameOf(id), true);
    },
    stop: refused,
    pause: refused,
    unpause: refused,
    exec: refused,
    networkExec: refused,
    disconnect: refused,
    connect: refused,
    limit: refused,
    put: refused,
  };
  return {
    runId: 'test-run',
    variant: 'documented',
    services: [...running.keys()],
    gateway: { address: '127.0.0.1', port: 443, serverName: 'gateway' },
    calls,
    running,
    host,
    containerId: (service) => `id-${service}`,
    addresses: (service) => ({ backend: service }),
    endpoint: (service) => ({ address: service, port: 3001 }),
    watch: refused,
    startOwn: refused,
    removeOwn: refused,
    exec: async (_service, argv) => {
      if (argv[0] === 'nginx') return { exitCode: 0, stdout: NGINX, stderr: '' };
      if (argv[0] !== 'curl') return { exitCode: 1, stdout: '', stderr: '' };
      const up = running.get(new URL(argv.at(-1) ?? '').hostname) ?? false;
      return up ? { exitCode: 0, stdout: '200', stderr: '' } : { exitCode: 7, stdout: '', stderr: '' };
    },
    openProber: async () => {
      const late = options.lateOnce !== true || probers === 0;
      probers += 1;
      return fakeProber(down, late ? (options.lateness_ms ?? 0) : 0);
    },
    freshClients: () => ({ cidr: '198.18.32.0/19', skip: 0 }),
  };
}

function fakeProber(down: () => boolean, lateness_ms: number): ProberPipe {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const say = (event: ProberEvent): boolean => stdout.write(`${JSON.stringify(event)}\n`);
  let timer: NodeJS.Timeout | undefined;
  const obey = (command: ProberCommand): void => {
    if (command.op === 'clock') say({ event: 'clock', seq: command.seq, at_ms: monotonic_ms() });
    if (command.op === 'start') {
      const series = command.series[0]?.name ?? '';
      timer = setInterval(() => say({ event: 'probes', series, probes: [probe(down(), lateness_ms)] }), INTERVAL_MS);
    }
    if (command.op === 'stop') {
      clearInterval(timer);
      say({ event: 'finished' });
      stdout.end();
    }
  };
  stdin.on('data', (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split('\n')) obey(JSON.parse(line) as ProberCommand);
  });
  say({ event: 'ready' });
  return { stdin, stdout };
}

function probe(failed: boolean, lateness_ms: number): ProbeRecord {
  const sent_ms = monotonic_ms() - 1;
  const kind = failed ? 'ECONNREFUSED' : 'status-200';
  return {
    intended_ms: sent_ms - lateness_ms,
    sent_ms,
    done_ms: sent_ms + 1,
    ok: !failed,
    kind,
    servedBy: 'customer-1',
  };
}
