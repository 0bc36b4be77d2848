import { num } from '../../../environments/ledger/values.ts';
import { absent } from '../../checks/absent.ts';
import { sameNodes } from '../../checks/gateway-nodes.ts';
import { advertsOfVersion } from '../../checks/vrrp.ts';
import { verify, verifyLong } from '../../verify.ts';

verifyLong('production-gateway.high-availability.vrrp-standard', async (context) =>
  advertsOfVersion(context, num(context.claim, 'vrrp_version')),
);

verify('production-gateway.high-availability.two-gateways', async (context) =>
  sameNodes(context, num(context.claim, 'nodes'), [
    '/',
    '/health',
    '/static/app.js',
    '/api/v1/x',
    '/api/v1/admin/x',
    '/no-such-path',
    '/nginx_status',
  ]),
);

verify('production-gateway.high-availability.dns-failover', async (context) => absent(context, ['DNS']));
