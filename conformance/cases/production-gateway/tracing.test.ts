import { str } from '../../../environments/ledger/values.ts';
import { absent } from '../../checks/absent.ts';
import { judgeTraceId, traceIds, tracingModule } from '../../checks/tracing.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.tracing.one-trace-across-tiers', async (context) => absent(context, ['Jaeger']));

verify('production-gateway.tracing.backend-exporter-starts', async (context) => absent(context, ['Jaeger']));

verify('production-gateway.tracing.gateway-configured', async (context) =>
  tracingModule(await context.gateway.config()),
);

verify('production-gateway.tracing.trace-id-header', async (context) => {
  const name = str(context.claim, 'header');
  return judgeTraceId(name, await traceIds(context, name));
});
