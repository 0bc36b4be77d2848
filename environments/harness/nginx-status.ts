/** What nginx tells about itself (ngx_http_stub_status_module), once a second over one kept connection. */
import { createInterface } from 'node:readline';
import { streamExec } from './containers.ts';
import type { ServiceRef } from './types.ts';

/** One answer of stub_status; the counts are totals since nginx started. */
export interface NginxStatus {
  /** Monotonic instant at which it came, ms. */
  readonly at_ms: number;
  readonly accepted: number;
  readonly handled: number;
  readonly requests: number;
  readonly active: number;
  readonly reading: number;
  readonly writing: number;
  readonly waiting: number;
}

/** Further answers than any load lasts seconds. */
const ENDLESS = '[1-9999999]';

/**
 * Where the exporter looks for the statistics if that answers, since no limit is met there; else
 * the virtual host, from an address that it allows. curl ends when the standard input does.
 */
const WATCH = `
url=http://127.0.0.1:8080/stub_status
curl -sf -o /dev/null "$url" || url="https://$1/nginx_status"
curl -skN --rate 1/s --resolve "$1:443:$2" "$url?${ENDLESS}" &
read -r _
kill $!`;

/** Watches the nginx of a gateway until stopped; nothing is told when it answers nowhere. */
export async function watchNginx(
  { containerId, addresses }: ServiceRef,
  serverName: string,
): Promise<{ stop(): readonly NginxStatus[] }> {
  const address = addresses['operators'] ?? '';
  const streams = await streamExec(containerId, ['sh', '-c', WATCH, 'watch', serverName, address]);
  const seen: NginxStatus[] = [];
  const take = statusReader();
  createInterface({ input: streams.stdout }).on('line', (line) => {
    const status = take(line);
    if (status) seen.push({ at_ms: performance.now(), ...status });
  });
  return {
    stop() {
      streams.close();
      return seen;
    },
  };
}

/** Reads answers line by line; each gives its figures with its last line. Other lines are passed over. */
export function statusReader(): (line: string) => Omit<NginxStatus, 'at_ms'> | null {
  let active = 0;
  let totals: readonly number[] | null = null;
  return (line) => {
    const connections = /^Active connections: (\d+)/.exec(line);
    if (connections) {
      active = Number(connections[1]);
      totals = null;
    }
    const counts = /^ (\d+) (\d+) (\d+) $/.exec(line);
    if (counts) totals = counts.slice(1).map(Number);
    const now = /^Reading: (\d+) Writing: (\d+) Waiting: (\d+)/.exec(line);
    if (!now || totals === null) return null;
    const [accepted = 0, handled = 0, requests = 0] = totals;
    const [reading = 0, writing = 0, waiting = 0] = now.slice(1).map(Number);
    totals = null;
    return { accepted, handled, requests, active, reading, writing, waiting };
  };
}
