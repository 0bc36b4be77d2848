import { num, str } from '../../../environments/ledger/values.ts';
import { converse, judgeReconnects, plainGet, sessionsInTurn, socketIo, staySilent } from '../../checks/websocket.ts';
import { verify, verifyLong } from '../../verify.ts';

const SOCKET = '/ws';

verify('production-gateway.websocket.upgrade', async (context) =>
  converse(context, str(context.claim, 'path'), num(context.claim, 'status')),
);

verifyLong('production-gateway.websocket.idle-3600s', async (context) =>
  staySilent(context, SOCKET, num(context.claim, 'idle_s')),
);

verify('production-gateway.websocket.sticky', async (context) => {
  const reconnects = num(context.claim, 'reconnects');
  const instances = await sessionsInTurn(context, context.client(), SOCKET, reconnects + 1, true);
  return judgeReconnects({ reconnects, distinct: num(context.claim, 'distinct_backends') }, instances);
});

verify('production-gateway.websocket.socketio-route', async (context) =>
  socketIo(context, str(context.claim, 'path'), 6),
);

verify('production-gateway.websocket.plain-get-on-ws', async (context) => plainGet(context, SOCKET));
