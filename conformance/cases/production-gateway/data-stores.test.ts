import { transit } from '../../checks/plain-transit.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.data-stores.encryption', async (context) => transit(context));
