import { num } from '../../../environments/ledger/values.ts';
import { cluster, judgeWorkers } from '../../checks/cluster-workers.ts';
import type { CaseBody } from '../../verify.ts';
import { verifyLong } from '../../verify.ts';

/** An instance with the documented number of workers. */
const workers: CaseBody = async (context) => {
  const count = num(context.claim, 'workers');
  return judgeWorkers(count, await cluster(context, count));
};

verifyLong('production-gateway.process-manager.cluster-mode', workers);
verifyLong('production-gateway.process-manager.cluster-workers', workers);
