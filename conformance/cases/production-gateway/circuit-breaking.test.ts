import { num } from '../../../environments/ledger/values.ts';
import { acceptsConfig, frame } from '../../checks/config-test.ts';
import { judged } from '../../checks/exchange.ts';
import { CUSTOMER_POOL } from '../../checks/upstream-block.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.circuit-breaking.config-loads', async (context) => {
  // The section lists the first instance again for its slow start.
  const servers = [1, 2, 3].map((n) => `server customer-${String(n)}:3001 max_fails=5 fail_timeout=30s;`);
  const snippet = `upstream ${CUSTOMER_POOL} {\n${[...servers, 'server customer-1:3001 slow_start=60s;'].join('\n')}\n}`;
  const { accepted, said } = await acceptsConfig(context.gateway, frame(snippet));
  return judged(
    accepted === (num(context.claim, 'nginx_t_exit') === 0),
    'nginx -t accepts the upstream of the circuit breaker',
    accepted ? 'it does' : `it says: ${said}`,
    [
      { kind: 'config', title: 'tried with nginx -t', text: snippet },
      { kind: 'log', title: 'nginx -t', lines: [said] },
    ],
    'slow_start is a parameter of NGINX Plus',
  );
});
