/**
 * Writes through the documented upstream of two static servers. No HTTP module of the gateway speaks to Redis, so
 * an nginx of the gateway's image hands connections on to the same two servers (`stream`, where `keepalive` does not
 * exist); which server gets one is decided as in `http`, in turn.
 */
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { FIRST_REPLICA, MASTER_HOST } from './redis-hosts.ts';
import type { HostAddresses } from './redis-hosts.ts';

const NAME = 'redis-upstream';
const CONF = '/etc/nginx/redis-upstream.conf';
const START_TIMEOUT_MS = 10_000;
const WRITES = 6;
/** A limiter cannot wait longer for its store, s. */
const PATIENCE_S = 3;

/** How writes ended. */
export interface WrittenThrough {
  readonly written: number;
  /** Refused by a replica, which takes no writes. */
  readonly readOnly: number;
  /** Neither answer nor refusal in time. */
  readonly unanswered: number;
}

/** Starts the nginx with the upstream, or finds it. @throws WaitTimeout when it does not answer */
export async function startUpstream(target: ChaosTarget, addresses: HostAddresses): Promise<void> {
  const servers = [MASTER_HOST, FIRST_REPLICA].map((name) => `    server ${addresses[name] ?? ''}:6379;`);
  const content = [
    'load_module modules/ngx_stream_module.so;',
    'events { }',
    'stream {',
    '  upstream redis_backend {',
    ...servers,
    '  }',
    '  server { listen 6379; proxy_pass redis_backend; }',
    '}',
    '',
  ].join('\n');
  await target.startOwn({
    name: NAME,
    image: 'gateway',
    command: ['nginx', '-c', CONF, '-g', 'daemon off;'],
    files: [{ path: CONF, content }],
  });
  await waitFor(
    'nginx of the upstream',
    START_TIMEOUT_MS,
    async () =>
      (await target.exec(NAME, ['sh', '-c', 'test -s /run/nginx.pid || pgrep -x nginx >/dev/null'])).exitCode === 0,
  );
}

/** Writes a few times, each over a connection of its own, from a host of Redis. */
export async function writeThrough(target: ChaosTarget, from: string): Promise<WrittenThrough> {
  const address = target.addresses(NAME)['backend'] ?? '';
  const script = `for n in $(seq ${WRITES}); do timeout ${PATIENCE_S} redis-cli -h "$1" incr upstream:count 2>&1 || echo none; done`;
  const { stdout } = await target.exec(from, ['sh', '-c', script, 'write', address]);
  return readWrites(stdout);
}

/** Reads what `redis-cli` printed for each write. */
export function readWrites(stdout: string): WrittenThrough {
  const lines = stdout.split('\n').filter((line) => line.trim() !== '');
  const count = (pattern: RegExp): number => lines.filter((line) => pattern.test(line)).length;
  return {
    written: count(/^\d+$/),
    readOnly: count(/^READONLY/),
    unanswered: count(/^(none|Could not connect|Error)/),
  };
}

export const removeUpstream = (target: ChaosTarget): Promise<void> => target.removeOwn(NAME);
