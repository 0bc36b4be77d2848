import { nginxBytes, nginxSeconds } from '../../../environments/harness/config.ts';
import { num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { answerMatrix, judgeHeaders } from '../../checks/answer-matrix.ts';
import { configured } from '../../checks/timeouts.ts';
import { bothKeys, judgeKeys, judgeStaples, staples } from '../../checks/tls-certificate.ts';
import { http2OverIpv6, http3Seen, ipv6Listeners, judgeHttp3 } from '../../checks/tls-listeners.ts';
import { judgeResumption, judgeTickets, resumptions, tickets } from '../../checks/tls-sessions.ts';
import {
  acceptedTls12,
  acceptedTls13,
  ending,
  handshakes,
  handshakeTable,
  judgeConfiguredVersions,
  judgeSuites,
  protocolVersions,
  redirects,
  ssl3Refused,
} from '../../checks/tls.ts';
import type { Version } from '../../checks/tls.ts';
import { judged } from '../../checks/exchange.ts';
import { asExchange, bodyText, header } from '../../clients/observe.ts';
import { marker } from '../../gateway.ts';
import { together } from '../../outcome.ts';
import { verify, verifyLong } from '../../verify.ts';

const SERVER = 'https://api.insightserenity.com';

verify('production-gateway.tls.http-redirect', async (context) => {
  const { claim } = context;
  const status = num(claim, 'status');
  const mark = marker();
  const paths = [`/api/v1/x?q=${mark}`, '/', '/a%20b/%2e?x=%26&x=2', '/x/health'];
  const redirected = await redirects(context.client(), [
    ...paths.map((path) => ({ path, status, location: `${SERVER}${path}` })),
    { method: 'HEAD', path: '/api/v1/x', status, location: `${SERVER}/api/v1/x` },
    { method: 'POST', path: '/api/v1/x', status, location: `${SERVER}/api/v1/x` },
    { path: '/y', host: 'other.example', status, location: `${SERVER}/y` },
  ]);
  const asked = await context.arrivals(mark);
  return together([
    redirected,
    judged(asked.length === 0, 'no backend is asked', `${String(asked.length)} requests at backends`, []),
  ]);
});

verify('production-gateway.tls.redirect-fixed-host', async (context) => {
  const host = str(context.claim, 'location_host');
  return redirects(context.client(), [
    { path: '/p?q=1', host: 'evil.example', status: 301, location: `https://${host}/p?q=1` },
    { path: '/', host: 'evil.example:8080', status: 301, location: `https://${host}/` },
  ]);
});

verify('production-gateway.tls.acme-challenge-on-http', async (context) => {
  const { claim } = context;
  const folder = str(claim, 'path');
  const client = context.client();
  const listed = await context.gateway.exec(['ls', `${str(claim, 'root')}${folder}`]);
  const file = listed.stdout.trim().split('\n')[0] ?? '';
  if (file === '') throw new Error(`the variant puts no challenge file below ${str(claim, 'root')}`);
  const content = await context.gateway.exec(['cat', `${str(claim, 'root')}${folder}${file}`]);
  const plan = [`${folder}${file}`, `${folder}missing`, '/other'].map((path) => ({ path, plain: true }));
  const seen = await client.all(plan);
  const [found, missing, other] = seen;
  const holds =
    found?.status === num(claim, 'status') &&
    bodyText(found) === content.stdout &&
    missing?.status === 404 &&
    other?.status === 301;
  return judged(
    holds,
    'the challenge file 200 with its exact content, a missing one 404, any other path 301',
    seen.map(({ status }, index) => `${plan[index]?.path ?? ''}: ${String(status)}`).join('; '),
    seen.map((one, index) => asExchange(client.step(plan[index] ?? { path: '/' }, index), one)),
  );
});

const OLD: readonly Version[] = ['TLSv1', 'TLSv1.1'];
const NEW: readonly Version[] = ['TLSv1.2', 'TLSv1.3'];

verify('production-gateway.tls.min-version-1.2', async (context) => {
  const { claim } = context;
  const client = context.client();
  const [versions, [preferred]] = [
    await protocolVersions(
      client,
      NEW.filter((version) => version >= str(claim, 'min')),
      OLD,
    ),
    await handshakes(client, [{}]),
  ];
  const picked = preferred?.tls?.protocol ?? 'none';
  return together([
    versions,
    judgeConfiguredVersions(await context.gateway.config(), NEW),
    judged(
      picked === str(claim, 'preferred'),
      `${str(claim, 'preferred')} when the client offers everything`,
      `negotiated ${picked}`,
      [],
    ),
  ]);
});

verify('production-gateway.tls.min-version-1-2', async (context) => {
  const { claim } = context;
  const refused = strings(claim, 'refused')
    .filter((version) => version !== 'SSLv3')
    .map((version) => (version === 'TLSv1.0' ? 'TLSv1' : version) as Version);
  const client = context.client();
  const accepted = strings(claim, 'accepted') as Version[];
  return together([
    await protocolVersions(client, accepted, refused),
    await ssl3Refused(client),
    judgeConfiguredVersions(await context.gateway.config(), accepted),
  ]);
});

verify('production-gateway.tls.tls13-negotiated', async (context) => {
  const wanted = str(context.claim, 'negotiated');
  const [seen] = await handshakes(context.client(), [{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' }]);
  if (!seen) throw new Error('no handshake was observed');
  return judged(seen.tls?.protocol === wanted, wanted, ending(seen), [
    handshakeTable('both versions offered', ['TLSv1.2 and TLSv1.3'], [seen]),
  ]);
});

const AEAD = /GCM|CHACHA20/;

verify('production-gateway.tls.modern-ciphers', async (context) =>
  judgeSuites(
    'only AEAD suites with forward secrecy are accepted on TLS 1.2',
    await acceptedTls12(context.client()),
    (suite) => AEAD.test(suite) && /^(ECDHE|DHE)-/.test(suite),
  ),
);

verify('production-gateway.tls.tls12-cipher-allowlist', async (context) => {
  const needed = strings(context.claim, 'complete_config');
  const allowed = [...new Set([...strings(context.claim, 'tls_section'), ...needed])];
  return judgeSuites(
    `nothing outside ${allowed.join(', ')}, and ${needed.join(', ')}`,
    await acceptedTls12(context.client()),
    (suite) => allowed.includes(suite),
    needed,
  );
});

verify('production-gateway.tls.tls13-suite-restriction', async (context) => {
  const listed = strings(context.claim, 'listed_complete');
  const first = str(context.claim, 'first_choice');
  const { accepted, picked, evidence } = await acceptedTls13(context.client(), [
    first,
    ...strings(context.claim, 'listed_tls_section').filter((suite) => suite !== first),
  ]);
  const foreign = accepted.filter((suite) => !listed.includes(suite));
  const missing = listed.filter((suite) => !accepted.includes(suite));
  return judged(
    foreign.length === 0 && missing.length === 0 && picked.every((suite) => suite === first),
    `only ${listed.join(' and ')}; ${first} chosen when all are offered, in whatever order`,
    `accepted ${accepted.join(', ')}; chosen ${picked.join(', and backwards ')}`,
    [evidence],
    'ssl_ciphers sets the suites of TLS 1.2 and below; OpenSSL takes those of TLS 1.3 from another list (ssl_conf_command Ciphersuites)',
  );
});

verify('production-gateway.tls.hsts', async (context) => {
  const wanted = `max-age=${String(num(context.claim, 'max_age_s'))}; includeSubDomains; preload`;
  return judgeHeaders(
    `Strict-Transport-Security: ${wanted}, once, on every answer over HTTPS`,
    (await answerMatrix(context)).filter(({ cause }) => cause !== 'plain-redirect'),
    { 'Strict-Transport-Security': wanted },
    'a location with an add_header of its own inherits none from the server',
  );
});

verify('production-gateway.tls.http2', async (context) => {
  const mark = marker();
  const client = context.client();
  const planned = { path: `/api/v1/x?m=${mark}`, protocol: 'h2' as const };
  const seen = await client.request(planned.path, planned);
  const [arrival] = await context.arrivals(mark);
  return judged(
    seen.tls?.alpn === str(context.claim, 'alpn') && seen.status === 200 && arrival?.httpVersion === '1.1',
    'ALPN chooses h2, the API answers over HTTP/2, the backend is asked over HTTP/1.1',
    `ALPN ${seen.tls?.alpn ?? 'nothing'}, status ${String(seen.status)}, backend HTTP/${arrival?.httpVersion ?? 'not asked'}`,
    [asExchange(client.step(planned, 0), seen)],
  );
});

verify('production-gateway.tls.http2-alpn', async (context) => {
  const [both, old] = strings(context.claim, 'alpn');
  const client = context.client();
  const seen = await handshakes(client, [{ alpn: [both ?? '', old ?? ''] }, { alpn: [old ?? ''] }]);
  const answers = [await client.request('/', { protocol: 'h2' }), await client.request('/')];
  const chosen = seen.map(({ tls }) => tls?.alpn ?? 'none');
  const version = judged(
    chosen[0] === both && chosen[1] === old && answers.every(({ status }) => status === 200),
    `${both ?? ''} when both are offered, ${old ?? ''} when only that is; / answers 200 over both`,
    `chosen ${chosen.join(' and ')}; / answered ${answers.map(({ status }) => String(status)).join(' and ')}`,
    [handshakeTable('ALPN', ['h2, http/1.1', 'http/1.1'], seen)],
  );
  return together([version, await http2OverIpv6(context)]);
});

verify('production-gateway.tls.http3', async (context) => {
  const port = num(context.claim, 'udp_port');
  return judgeHttp3(port, await http3Seen(context, port));
});

verify('production-gateway.tls.edge-termination', async (context) => {
  const client = context.gateway.at(context.session.addresses.special('cdn-edge', 0));
  const planned = { path: '/api/v1/x', plain: true, headers: { 'x-forwarded-proto': 'https' } };
  const seen = await client.request(planned.path, planned);
  return judged(
    seen.status === 200,
    'a plain request that says it was HTTPS at the edge is served',
    `${String(seen.status)}${header(seen, 'location') ? ` to ${header(seen, 'location') ?? ''}` : ''}`,
    [asExchange(client.step(planned, 0), seen)],
    'port 80 redirects every request and does not look at X-Forwarded-Proto: behind a terminating edge this is a loop',
  );
});

verifyLong('production-gateway.tls.tls12-with-letsencrypt-cert', async (context) => judgeKeys(await bothKeys(context)));

verify('production-gateway.tls.session-cache-resumption', async (context) => {
  const { claim } = context;
  const config = await context.gateway.config();
  const shared = /^\s*ssl_session_cache\s[^;]*\bshared:[^:;\s]+:(\w+)/m.exec(config)?.[1];
  const cache_bytes = nginxBytes(shared ?? '');
  return judgeResumption(
    { cache_mb: num(claim, 'cache_mb'), timeout_s: num(claim, 'timeout_s') },
    await resumptions(context, NEW),
    {
      cache_mb: cache_bytes === undefined ? undefined : cache_bytes / 2 ** 20,
      timeout_s: configured(config, 'ssl_session_timeout')[0],
    },
  );
});

verify('production-gateway.tls.session-tickets-off', async (context) => judgeTickets(await tickets(context)));

verifyLong('production-gateway.tls.ocsp-stapling', async (context) => {
  const { claim } = context;
  const config = await context.gateway.config();
  const valid_s = nginxSeconds(/resolver\s+[^;]*valid=(\w+)/.exec(config)?.[1] ?? '');
  const promised = { valid_s: num(claim, 'resolver_valid_s'), timeout_s: num(claim, 'resolver_timeout_s') };
  return judgeStaples(promised, await staples(context), {
    valid_s,
    timeout_s: configured(config, 'resolver_timeout')[0],
    verified: /^\s*ssl_stapling_verify\s+on\s*;/m.test(config) && !/^\s*ssl_stapling_verify\s+off\s*;/m.test(config),
    warnings: await context.gateway.errorLog('ssl_stapling'),
  });
});

verify('production-gateway.tls.ipv6-listeners', async (context) =>
  ipv6Listeners(context, numbers(context.claim, 'ports')),
);
