import { nginxBytes } from '../../environments/harness/config.ts';
import { dumpedFiles, inForce, placeOf, wholeConfig } from '../../environments/harness/nginx-config.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** A size that has to hold for some paths of a virtual host. */
export interface PromisedSize {
  readonly directive: string;
  readonly host: string;
  readonly paths: readonly string[];
  readonly bytes: number;
  /** What nginx takes without the directive. */
  readonly otherwise_bytes: number;
}

/** Judges a size as configured for each path, beside what was measured on both sides of it. */
export function judgeSize({ directive, host, paths, bytes, otherwise_bytes }: PromisedSize, config: string): Outcome {
  const whole = wholeConfig(dumpedFiles(config));
  const rows = paths.map((path) => {
    const words = inForce(placeOf(whole, host, path), directive);
    return [path, words ? (nginxBytes(words[0] ?? '') ?? 0) : otherwise_bytes] as const;
  });
  return judge(
    rows.every(([, is]) => is === bytes),
    `${directive} of ${String(bytes)} bytes configured`,
    rows.map(([path, is]) => `${directive} of ${path}: ${String(is)} bytes`).join('; '),
    [{ kind: 'table', title: `${directive} in nginx -T`, columns: ['path', 'bytes'], rows }],
  );
}
