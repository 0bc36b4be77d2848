/** Which instances a request was sent to, as the gateway's access log tells it. */
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

/** One request in the access log. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly time_s: number;
  /** Who was asked, in order; the name of the whole pool when no instance was available. */
  readonly upstreams: readonly string[];
}

const ACCESS_LOG = '/var/log/nginx/access.log';
const WRITTEN_WITHIN_MS = 3_000;

/**
 * Lines of the access log whose request has the mark, once there are `wanted` of them.
 *
 * @param instances names that upstream addresses are turned into
 * @throws WaitTimeout when nginx does not write them in time
 */
export async function loggedRequests(
  target: ChaosTarget,
  node: string,
  mark: string,
  wanted: number,
  instances: readonly string[],
): Promise<readonly LoggedRequest[]> {
  const names = new Map(
    instances.map((name) => {
      const { address, port } = target.endpoint(name);
      return [`${address}:${port}`, name] as const;
    }),
  );
  return waitFor(`${wanted} lines about ${mark} in the access log of ${node}`, WRITTEN_WITHIN_MS, async () => {
    const { stdout } = await target.exec(node, ['grep', '-aF', mark, ACCESS_LOG]);
    const lines = readAccessLog(stdout, names);
    return lines.length >= wanted ? lines : null;
  });
}

/** Reads JSON lines of the access log. */
export function readAccessLog(text: string, names: ReadonlyMap<string, string>): readonly LoggedRequest[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const entry = JSON.parse(line) as Record<string, string | number>;
      // A comma lies between tries, a colon between upstream groups of internal redirects.
      const asked = String(entry['upstream_addr'] ?? '').split(/, | : /);
      return {
        method: String(entry['method'] ?? ''),
        path: String(entry['uri'] ?? ''),
        status: Number(entry['status'] ?? 0),
        time_s: Number(entry['request_time'] ?? 0),
        upstreams: asked.filter((one) => one !== '' && one !== '-').map((one) => names.get(one) ?? one),
      };
    });
}
