import { num } from '../../../environments/ledger/values.ts';
import { joinsByVariables } from '../../checks/backend-variables.ts';
import { instanceCounts } from '../../checks/instance-counts.ts';
import { ADMIN_POOL, CUSTOMER_POOL } from '../../checks/upstream-block.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.scaling.config-only-backends', async (context) => joinsByVariables(context));

verify('production-gateway.scaling.instance-counts', async (context) => {
  const { claim } = context;
  return instanceCounts(
    context,
    [
      { pool: ADMIN_POOL, active: num(claim, 'plan_admin') },
      { pool: CUSTOMER_POOL, active: num(claim, 'plan_customer') },
    ],
    'the plan ends with one instance less in each pool than the upstream blocks list',
  );
});
