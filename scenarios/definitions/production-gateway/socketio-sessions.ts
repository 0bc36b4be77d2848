/**
 * Users of the real Socket.IO client, each at an address of its own: a session opens by long
 * polling, is upgraded and carries messages; an address comes back every ten seconds. A session
 * by polling is known to one instance alone, so without affinity hardly one is completed.
 */
import { socketio } from '../../engines/driven.ts';
import { scenario } from '../../scenario.ts';
import { completedShare } from '../../users.ts';

export default scenario({
  title: 'Socket.IO users who come and go',
  measures: 'latency',
  engine: socketio,
  promises: [],
  figures: [
    {
      claim: 'production-gateway.websocket.socketio-route',
      what: 'sessions that opened by polling, were upgraded and had every message answered',
      unit: '%',
      better: 'higher',
      limit: 99,
      of: completedShare,
    },
  ],
  routes: [{ name: 'socket.io', method: 'GET', path: '/socket.io/', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 12, warmup_s: 10, measured_s: 40 },
    nightly: { rate_perS: 12, warmup_s: 10, measured_s: 120 },
    prerelease: { rate_perS: 12, warmup_s: 10, measured_s: 300 },
  },
  // A session sends about seven requests, and a hundred a minute are allowed by address.
  perAddress_perMin: 6,
  timeout_s: 15,
});
