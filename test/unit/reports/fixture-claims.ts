/**
 * Invented claims for the reports' tests: no number, verdict or log line in
 * here was measured, and none predicts a real verdict.
 */
import type { ClaimLevel, ClaimResult, Evidence, VariantName, Verdict } from '../../../reports/record/types.ts';

/** What a told claim adds to the plain ones. */
interface Told {
  readonly slug: string;
  readonly topic: string;
  readonly statement: string;
  readonly level: ClaimLevel;
  readonly lines: readonly [number, number];
  readonly expected: string;
  readonly documented: readonly [Verdict, string];
  readonly hardened: readonly [Verdict, string];
  readonly reason?: string;
  readonly evidence?: Readonly<Partial<Record<VariantName, readonly Evidence[]>>>;
  readonly extra?: Partial<ClaimResult>;
  readonly hardenedExtra?: Partial<ClaimResult>;
}

const TOLD: readonly Told[] = [
  {
    slug: 'user-isolation',
    topic: 'caching',
    statement: 'A cached answer is never given to another user.',
    level: 'must',
    lines: [1820, 1826],
    expected: 'user B receives B’s own answer',
    documented: ['deviates', 'B received A’s body from the cache'],
    hardened: ['conforms', 'B’s own answer; the cache was bypassed'],
    reason:
      'The cache key is scheme, host and URI. It ignores Authorization, and nginx caches such answers unless told not to.',
    evidence: {
      documented: [
        {
          kind: 'exchange',
          title: 'Second user, same path',
          request: 'GET /api/v1/profile HTTP/1.1\nHost: api.example.test\nAuthorization: Bearer ***',
          response: 'HTTP/1.1 200 OK\nX-Cache-Status: HIT\n\n{"user":"a-2291"}',
        },
        {
          kind: 'log',
          title: 'Arrivals at the upstream',
          lines: ['customer-3 GET /api/v1/profile peer=198.18.4.17', '1 request arrived where 2 were expected'],
        },
      ],
      hardened: [
        {
          kind: 'exchange',
          title: 'Second user, same path',
          request: 'GET /api/v1/profile HTTP/1.1\nHost: api.example.test\nAuthorization: Bearer ***',
          response: 'HTTP/1.1 200 OK\nX-Cache-Status: BYPASS\n\n{"user":"b-7704"}',
        },
        { kind: 'log', title: 'Arrivals at the upstream', lines: ['2 requests arrived where 2 were expected'] },
      ],
    },
    extra: {
      story: {
        title: 'The second user is greeted with the first user’s name',
        steps: [
          'User A asked for /api/v1/profile from 198.18.4.17 with a token. The upstream answered with A’s name; X-Cache-Status said MISS.',
          'User B asked for the same path 40 ms later from 198.18.9.40 with another token.',
          'The gateway answered in 0.4 ms with A’s name and X-Cache-Status: HIT. The upstream saw one request, not two.',
          'With a query string that nobody had used, B got B’s own name: the answers differ only by what is in the cache.',
        ],
      },
    },
  },
  {
    slug: 'refusal-status-429',
    topic: 'rate-limit',
    statement: 'Every rate-limited request is refused with 429.',
    level: 'must',
    lines: [2387, 2417],
    expected: '429 on every limited route',
    documented: ['deviates', '503 on 3 of 5 routes'],
    hardened: ['conforms', '429 on 5 of 5 routes'],
    reason:
      'limit_req_status is set in two locations only. Every route that inherits the general limit refuses with the default, 503.',
    evidence: {
      documented: [
        {
          kind: 'table',
          title: 'Refusals by route',
          columns: ['Route', '200', '429', '503'],
          rows: [
            ['/static/', 21, 0, 19],
            ['/api/v1/', 31, 9, 0],
            ['/health', 21, 0, 19],
          ],
        },
      ],
    },
  },
  {
    slug: 'api-sustained',
    topic: 'rate-limit',
    statement: 'Under constant pressure one address gets 100 requests a minute through /api/v1/.',
    level: 'must',
    lines: [1142, 1157],
    expected: 'one admitted per 600 ms after the burst',
    documented: ['conforms', 'one per 600.4 ms (599.1 to 601.6)'],
    hardened: ['conforms', 'one per 600.2 ms (599.0 to 601.4)'],
    evidence: {
      documented: [
        {
          kind: 'series',
          title: 'Admitted requests against the model',
          xUnit: 's',
          yUnit: 'requests',
          lines: [
            { name: 'admitted', points: Array.from({ length: 100 }, (_, index) => [index * 0.6, 31 + index] as const) },
            {
              name: 'model',
              points: [
                [0, 31],
                [60, 131],
              ],
            },
          ],
        },
        {
          kind: 'config',
          title: 'nginx -T',
          text: 'limit_req_zone $binary_remote_addr zone=api:10m rate=100r/m;\nlimit_req zone=api burst=30 nodelay;',
        },
      ],
    },
  },
  {
    slug: 'cookie',
    topic: 'session-affinity',
    statement: 'A cookie issued by the gateway pins a client to one instance.',
    level: 'must',
    lines: [591, 602],
    expected: 'all 50 requests on one instance',
    documented: ['deviates', 'spread over 5 instances'],
    hardened: ['deviates', 'spread over 5 instances'],
    reason:
      'The directive belongs to NGINX Plus; hashing a cookie would pin, but cannot issue it with the first answer.',
    extra: { needsPlus: true },
    hardenedExtra: { needsPlus: true },
  },
  {
    slug: 'request-id-uuid',
    topic: 'proxy-headers',
    statement: 'The injected request id is a UUID.',
    level: 'must',
    lines: [399, 400],
    expected: '8-4-4-4-12 hexadecimal digits',
    documented: ['deviates', '32 digits, no hyphens'],
    hardened: ['conforms', 'a UUID in 1,000 of 1,000'],
    reason: '$request_id is 16 random bytes printed without hyphens.',
    extra: {
      contradiction: {
        about: 'Form of the request id',
        readings: [
          { says: 'a UUID', where: 'Request processing, 399', agrees: false },
          { says: '32 digits, as $request_id gives', where: 'Complete configuration, 2301', agrees: true },
        ],
      },
    },
  },
  {
    slug: 'per-user-quota',
    topic: 'rate-limit',
    statement: 'A customer may send 200 requests a minute.',
    level: 'should',
    lines: [2256, 2256],
    expected: '200 a minute and user',
    documented: ['conforms', '200 a minute, from two addresses'],
    hardened: ['not-applicable', ''],
    hardenedExtra: {
      contradicts: 'production-gateway.rate-limit.claim-3',
      reason: 'The stricter reading, 100 a minute, was kept.',
    },
  },
  {
    slug: 'vrrp-standard',
    topic: 'high-availability',
    statement: 'The failover protocol is VRRP as in RFC 5798.',
    level: 'should',
    lines: [2573, 2576],
    expected: 'advertisements of version 3',
    documented: ['deviates', 'version 2 with a clear-text password'],
    hardened: ['conforms', 'version 3, no authentication'],
    reason: 'The documented authentication exists only in version 2.',
    extra: {
      disposition: 'waived',
      waiver: { reason: 'Switches are being replaced.', owner: 'the platform team', expires: '2027-01-15' },
    },
  },
];

const PLAIN: readonly (readonly [topic: string, kept: number, broken: number])[] = [
  ['rate-limit', 10, 2],
  ['routing', 9, 1],
  ['tls', 8, 0],
  ['security-headers', 3, 3],
  ['proxy-headers', 6, 2],
  ['load-balancing', 7, 1],
  ['timeouts', 6, 1],
  ['error-responses', 4, 1],
  ['websocket', 3, 0],
  ['compression', 4, 0],
  ['latency', 5, 0],
];

function result(variant: VariantName, id: string, told: Told): ClaimResult {
  const [verdict, observed] = told[variant];
  const reason = verdict === 'conforms' ? undefined : told.reason;
  return {
    id,
    statement: told.statement,
    level: told.level,
    kind: 'conformance',
    topic: told.topic,
    source: { section: 'Complete NGINX Configuration', lines: told.lines, also: [[350, 351]] },
    verdict,
    expected: told.expected,
    observed,
    ...(reason !== undefined && { reason }),
    evidence: told.evidence?.[variant] ?? [],
    ...(verdict === 'deviates' && { disposition: 'known' as const }),
    duration_ms: 120 + told.lines[0],
    reproduce: `gateproof verify production-gateway --only ${id} --variant ${variant} --seed 20261121`,
    controls: [{ mutant: `break ${told.slug}`, verdict: 'deviates' }],
    ...(variant === 'documented' ? told.extra : told.hardenedExtra),
  };
}

function plain(variant: VariantName): readonly ClaimResult[] {
  return PLAIN.flatMap(([topic, kept, broken]) =>
    Array.from({ length: kept + broken }, (_, index) => {
      const breaks = index >= kept;
      return result(variant, `production-gateway.${topic}.claim-${index + 1}`, {
        slug: `claim-${index + 1}`,
        topic,
        statement: `Invented promise ${index + 1} about ${topic.replaceAll('-', ' ')} holds on every route.`,
        level: (['must', 'should', 'target'] as const)[index % 3] ?? 'must',
        lines: [1000 + index * 7, 1003 + index * 7],
        expected: `${12 + index} of ${12 + index} routes`,
        documented: breaks
          ? ['deviates', `${3 + index} of ${12 + index} routes`]
          : ['conforms', `${12 + index} of ${12 + index} routes`],
        hardened: ['conforms', `${12 + index} of ${12 + index} routes`],
        reason: 'A location with a directive of its own inherits none of the outer ones.',
      });
    }),
  );
}

/** All invented claims of one variant. */
export function inventedClaims(variant: VariantName): readonly ClaimResult[] {
  return [
    ...TOLD.map((told) => result(variant, `production-gateway.${told.topic}.${told.slug}`, told)),
    ...plain(variant),
  ];
}
