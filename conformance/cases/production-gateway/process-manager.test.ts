import { num } from '../../../environments/ledger/values.ts';
import { cluster, judgeWorkers } from '../../checks/cluster-workers.ts';
import { verify } from '../../verify.ts';

for (const slug of ['cluster-mode', 'cluster-workers']) {
  verify(`production-gateway.process-manager.${slug}`, async (context) => {
    const workers = num(context.claim, 'workers');
    return judgeWorkers(workers, await cluster(context, workers));
  });
}
