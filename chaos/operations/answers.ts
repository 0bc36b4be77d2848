/** What a gateway answers on a list of paths, so that two can be compared. */
import type { ChaosTarget } from '../runner/target.ts';
import { mustRun } from './commands.ts';

/** A host that both gateways treat alike. */
const SEEN_FROM = 'monitoring-1';
const PATHS = ['/', '/health', '/api/v1/ping', '/api/v1/admin/ping', '/nowhere', '/nginx_status'];

/** Headers that tell the configuration, and not the request or who answered. */
const COMPARED =
  /^(content-type|location|server|vary|www-authenticate|strict-transport-security|x-content-type-options|x-frame-options|x-xss-protection|referrer-policy|permissions-policy|content-security-policy|access-control-[a-z-]+):/i;

/** What of an answer tells the configuration. */
export interface ComparableAnswer {
  readonly path: string;
  /** Status line and headers, sorted. */
  readonly head: readonly string[];
}

/** Asks a gateway at an address on the backend network. */
export function answersOf(target: ChaosTarget, address: string): Promise<readonly ComparableAnswer[]> {
  const { serverName, port } = target.gateway;
  const url = `https://${serverName}:${String(port)}`;
  const resolve = `${serverName}:${String(port)}:${address}`;
  const head = ['-sk', '-m', '5', '--http1.1', '-D', '-', '-o', '/dev/null', '-w', '%{certs}'];
  return Promise.all(
    PATHS.map(async (path) => {
      const argv = ['curl', ...head, '-H', 'Authorization: Bearer valid:restored:user', '--resolve', resolve];
      return comparable(path, await mustRun(target, SEEN_FROM, [...argv, url + path]));
    }),
  );
}

/** @param told an answer's head, and the certificates after it */
export function comparable(path: string, told: string): ComparableAnswer {
  const [head = '', certificates = ''] = told.split('\r\n\r\n');
  const [status = '', ...fields] = head.split('\r\n');
  const serial = /^Serial Number:.*$/m.exec(certificates)?.[0] ?? 'no certificate';
  return { path, head: [status, serial, ...fields.filter((line) => COMPARED.test(line)).toSorted()] };
}

/** Paths on which two gateways differ, with what only one of them says. */
export function differences(one: readonly ComparableAnswer[], other: readonly ComparableAnswer[]): readonly string[] {
  return one.flatMap(({ path, head }, index) => {
    const twin = other[index]?.head ?? [];
    const single = [...head.filter((line) => !twin.includes(line)), ...twin.filter((line) => !head.includes(line))];
    return single.length === 0 ? [] : [`${path}: ${single.join(', ')}`];
  });
}
