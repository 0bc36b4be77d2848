import { num } from '../../../environments/ledger/values.ts';
import { raceIdleClose } from '../../checks/keepalive-race.ts';
import { judgeRace } from '../../checks/keepalive-race-judgement.ts';
import { verifyLong } from '../../verify.ts';

verifyLong('production-gateway.failover.keepalive-race-post', async (context) =>
  judgeRace(await raceIdleClose(context, num(context.claim, 'node_default_idle_s') * 1_000)),
);
