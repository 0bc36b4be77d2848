import { num } from '../../../environments/ledger/values.ts';
import { sameNodes } from '../../checks/gateway-nodes.ts';
import { noKeepalived } from '../../checks/vrrp.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.high-availability.vrrp-standard', async (context) =>
  noKeepalived(context, 'adverts of VRRP version 3 between the nodes'),
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
