import { num } from '../../../environments/ledger/values.ts';
import { burst, judgeLimit } from '../../checks/rate-limit.ts';
import { verify } from '../../verify.ts';

/** Enough requests to use a burst up twice over. */
const enough = (size: number): number => 2 * size;

verify('production-gateway.rate-limit.api-per-ip', async (context) => {
  const { claim } = context;
  const path = '/api/v1/ping';
  const size = num(claim, 'burst');
  const observations = await burst(context.client(), { path, count: enough(size) });
  return judgeLimit({ rate_perMin: num(claim, 'rate_per_min'), burst: size, status: num(claim, 'status') }, observations);
});
