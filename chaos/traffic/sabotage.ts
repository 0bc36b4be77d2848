/** Edits of the hardened configuration that must turn verdicts: what shows that an experiment can fail. */
import { configEdit } from '../faults/config-edit.ts';
import type { Fault } from '../runner/fault.ts';

/** A failed request is tried nowhere else, and an instance that fails is never left alone. */
export function withoutSecondTry(node: string): readonly Fault[] {
  return [
    configEdit([node], 'api/attempts.conf', 'proxy_next_upstream_tries 2', 'proxy_next_upstream_tries 1'),
    configEdit([node], 'upstreams/customer.conf', /max_fails=2/g, 'max_fails=0'),
  ];
}
