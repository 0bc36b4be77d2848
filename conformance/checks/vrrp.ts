import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { table } from './exchange.ts';

/**
 * The end of a case that needs keepalived, while none runs on the gateways.
 * @throws {Error} when one runs: then there is something to measure
 */
export async function noKeepalived(context: CaseContext, expected: string): Promise<Outcome> {
  const gateways = context.session.topology.services.filter(
    ({ role, name }) => role === 'gateway' && name.startsWith('gateway-'),
  );
  const processes = await Promise.all(
    gateways.map(
      async ({ name }) =>
        (await context.exec(name, ['sh', '-c', 'cat /proc/[0-9]*/comm 2>/dev/null | sort | uniq -c'])).stdout,
    ),
  );
  if (processes.some((text) => text.includes('keepalived')))
    throw new Error('keepalived runs, but nothing here measures it');
  return notApplicable(expected, 'keepalived does not run in this topology: no node holds a virtual address', [
    table(
      'processes of the gateways',
      ['gateway', 'processes'],
      gateways.map(({ name }, index) => [name, (processes[index] ?? '').trim().replaceAll(/\s+/g, ' ')]),
    ),
  ]);
}
