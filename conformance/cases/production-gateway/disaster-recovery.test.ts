import { absent } from '../../checks/absent.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.disaster-recovery.daily-backup', async (context) => absent(context, ['Cron']));

verify('production-gateway.disaster-recovery.offsite-copy', async (context) => absent(context, ['S3']));

verify('production-gateway.disaster-recovery.regional-failover', async (context) => absent(context, ['Region-2']));

verify('production-gateway.disaster-recovery.region2-database', async (context) => absent(context, ['Region-2']));

verify('production-gateway.disaster-recovery.standby-capacity', async (context) => absent(context, ['Region-2']));

verify('production-gateway.disaster-recovery.database-failover', async (context) => absent(context, ['MongoDB']));

verify('production-gateway.disaster-recovery.region-failure', async (context) => absent(context, ['Region-2']));
