/**
 * Users of the real Socket.IO client, each at an address of its own: a session opens by long
 * polling, is upgraded and carries messages; a user comes back every ten seconds. Polling needs
 * the same worker of the same instance for every request, so affinity is part of it.
 */
import { socketio } from '../../engines/driven.ts';
import { scenario } from '../../scenario.ts';
import { completedShareAtHome } from '../../users.ts';

export default scenario({
  title: 'Socket.IO users who come and go',
  measures: 'latency',
  engine: socketio,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.websocket.socketio-route',
      what: 'sessions that opened by polling, were upgraded, had every message answered, and met the instance of before',
      unit: '%',
      better: 'higher',
      limit: 99,
      of: completedShareAtHome,
    },
  ],
  routes: [{ name: 'socket.io', method: 'GET', path: '/socket.io/', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 12, warmup_s: 10, measured_s: 40 },
    nightly: { rate_perS: 12, warmup_s: 10, measured_s: 120 },
    prerelease: { rate_perS: 12, warmup_s: 10, measured_s: 300 },
  },
  perAddress_perMin: 6,
  timeout_s: 15,
});
