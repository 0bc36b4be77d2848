import type { RawObservation, RawStep } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';
import { inspectorAddress } from './instance-counts.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** Something that listens inside, what is said to it without TLS, and the beginning of an answer in plain text. */
interface Listener {
  readonly service: string;
  readonly port: number;
  readonly say: Pick<RawStep['writes'][number], 'utf8' | 'base64'>;
  readonly plain: RegExp;
}

/** PostgreSQL is asked whether it can do TLS: `N` says no (protocol 3.0, SSLRequest). */
const LISTENERS: readonly Listener[] = [
  {
    service: 'admin-1',
    port: 3000,
    say: { utf8: 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' },
    plain: /^HTTP\/1\.1 /,
  },
  {
    service: 'customer-1',
    port: 3001,
    say: { utf8: 'GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' },
    plain: /^HTTP\/1\.1 /,
  },
  { service: 'redis-1', port: 6379, say: { utf8: 'PING\r\n' }, plain: /^\+PONG/ },
  { service: 'postgres-1', port: 5432, say: { base64: 'AAAACATSFi8=' }, plain: /^N/ },
];

/** One hop inside, and what it speaks. */
export interface Hop {
  readonly what: string;
  readonly plain: boolean;
  readonly seen: string;
}

/** Judges encryption of the hops that can be looked at; at rest nothing can be seen from outside. */
export function judgeTransit(hops: readonly Hop[]): Outcome {
  const expected = 'every hop behind the gateway is encrypted, and so are data at rest';
  const plain = hops.filter((hop) => hop.plain);
  const evidence = [
    table(
      'hops behind the gateway',
      ['hop', 'speaks', 'seen'],
      hops.map(({ what, plain: open, seen }) => [what, open ? 'plain text' : 'no plain text', seen]),
    ),
  ];
  if (plain.length === 0)
    return notApplicable(
      expected,
      'no hop speaks plain text; encryption at rest cannot be seen from outside',
      evidence,
    );
  return judged(
    false,
    expected,
    `plain text: ${listed(
      plain.map(({ what }) => what),
      6,
    )}`,
    evidence,
    'proxy_pass names http://, and neither backends nor stores are asked for TLS',
  );
}

/** Asks backends and stores in plain text, and reads how the gateway talks to its pools. */
export async function transit(context: CaseContext): Promise<Outcome> {
  const config = withoutComments(await context.gateway.config());
  const passes = [
    ...new Set(
      [...config.matchAll(/\bproxy_pass\s+(https?):\/\/([^\s;/]+)/g)].map(
        ([, scheme = '', to = '']) => `${scheme}://${to}`,
      ),
    ),
  ];
  const { observations } = await context.session.inspector.schedule(
    LISTENERS.map(({ service, port, say }) => ({
      kind: 'raw',
      id: service,
      at_ms: 0,
      from: inspectorAddress(context),
      target: { address: context.session.service(service).addresses['backend'] ?? '', port },
      writes: [{ after_ms: 0, ...say }],
      until: 'first-byte',
      timeout_ms: 8000,
    })),
  );
  const answers = observations.filter((one): one is RawObservation => one.kind === 'raw');
  return judgeTransit([
    ...passes.map((pass) => ({
      what: `gateway to ${pass.replace(/^\w+:\/\//, '')}`,
      plain: pass.startsWith('http:'),
      seen: `proxy_pass ${pass}`,
    })),
    ...LISTENERS.map(({ service, port, plain }) => {
      const text = Buffer.from(answers.find(({ id }) => id === service)?.received_base64 ?? '', 'base64').toString(
        'latin1',
      );
      return {
        what: `${service}:${String(port)}`,
        plain: plain.test(text),
        seen: JSON.stringify(text.split('\r\n')[0]?.slice(0, 40) ?? ''),
      };
    }),
  ]);
}
