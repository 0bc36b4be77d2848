import { num } from '../../../environments/ledger/values.ts';
import { judgeWorkerLimits, workerLimits } from '../../checks/gateway-nodes.ts';
import { activeAndStandby } from '../../checks/vrrp.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.capacity.gateway-instances', async (context) =>
  activeAndStandby(context, num(context.claim, 'instances')),
);

verify('production-gateway.capacity.worker-limits', async (context) => {
  const { claim } = context;
  return judgeWorkerLimits(
    { connections: num(claim, 'worker_connections'), files: num(claim, 'nofile') },
    await workerLimits(context.gateway),
  );
});
