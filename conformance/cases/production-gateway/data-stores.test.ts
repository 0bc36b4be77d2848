import { strings } from '../../../environments/ledger/values.ts';
import { absent } from '../../checks/absent.ts';
import { counterAtomicity } from '../../checks/counter-atomicity.ts';
import { transit } from '../../checks/plain-transit.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.data-stores.encryption', async (context) => transit(context));

verify('production-gateway.data-stores.message-queue', async (context) => absent(context, ['Bull']));

verify('production-gateway.data-stores.mongodb-replica-set', async (context) => absent(context, ['MongoDB']));

verify('production-gateway.data-stores.redis-atomic-counter', async (context) =>
  counterAtomicity(context, strings(context.claim, 'commands')),
);
