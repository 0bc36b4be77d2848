import type { CaseContext } from '../context.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, table } from './exchange.ts';
import { MANY, flood, ownFault, sort } from './rate-limit-flood.ts';
import { keysAbout } from './store-keys.ts';
import type { StoredKey } from './store-keys.ts';

/** Drives a client into a limit, and looks what Redis knows of the client right afterwards. */
export async function limitInRedis(context: CaseContext, path: string): Promise<Outcome> {
  const client = context.client();
  const flooded = await flood(context.session.vantage, { clients: [client], path, count: MANY });
  const keys = await keysAbout(context, client.address);
  const { accepted, refused } = sort(flooded);
  return judgeStore({ accepted: accepted.length, refused: refused.length, keys, fault: ownFault(flooded) });
}

/** Judges that a limit which refuses a client has its state in the store. */
export function judgeStore({
  accepted,
  refused,
  keys,
  fault,
}: {
  readonly accepted: number;
  readonly refused: number;
  readonly keys: readonly StoredKey[];
  /** What was wrong with the instrument. */
  readonly fault?: string | undefined;
}): Outcome {
  const expected = 'a client that exceeds its limit is known to Redis: the state of the limit lies there';
  const observed = `${String(accepted)} requests accepted, ${String(refused)} refused; ${String(keys.length)} keys about the client in Redis`;
  const evidence = [
    table(
      'keys about the client in Redis',
      ['key', 'seconds left'],
      keys.map(({ key, left_s }) => [key, left_s ?? 'no end']),
    ),
  ];
  if (fault !== undefined) return inconclusive(expected, observed, fault, evidence);
  const reason = refused === 0 ? 'nothing is limited' : 'whoever counts does so without Redis';
  return judged(refused > 0 && keys.length > 0, expected, observed, evidence, reason);
}
