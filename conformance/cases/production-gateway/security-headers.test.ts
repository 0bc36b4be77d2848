import { num, str, strings } from '../../../environments/ledger/values.ts';
import { answerMatrix, judgeHeaders, rowName, rowProof, serverLine, versionTold } from '../../checks/answer-matrix.ts';
import type { MatrixRow, WantedHeaders } from '../../checks/answer-matrix.ts';
import { deliver, judged, listed, outcomeOf, table } from '../../checks/exchange.ts';
import { cspDirectives, policyFaults } from '../../checks/policy.ts';
import type { CaseContext } from '../../context.ts';
import { header } from '../../clients/observe.ts';
import { verify } from '../../verify.ts';

/** The five headers of the complete configuration; their values are in the claim that promises them. */
const FIVE = [
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
  'Referrer-Policy',
];
const NOT_INHERITED = 'a location with an add_header of its own inherits none of the server’s';

const any = (names: readonly string[]): WantedHeaders => Object.fromEntries(names.map((name) => [name, undefined]));
const overHttps = (row: MatrixRow): boolean => row.cause !== 'plain-redirect';

verify('production-gateway.security-headers.set', async (context) => {
  const names = strings(context.claim, 'headers');
  const rows = (await answerMatrix(context)).filter(({ cause }) =>
    ['proxied', 'rate-exceeded', 'backend-reset'].includes(cause),
  );
  return judgeHeaders(
    `${names.join(', ')}, once each, on answers of both API prefixes`,
    rows,
    any(names),
    'the server adds no such header',
  );
});

verify('production-gateway.security-headers.dropped-in-locations', async (context) => {
  const rows = (await answerMatrix(context)).filter(overHttps);
  return judgeHeaders('the security headers on every answer of the gateway', rows, any(FIVE), NOT_INHERITED);
});

verify('production-gateway.security-headers.proxied-and-errors', async (context) => {
  const { claim } = context;
  const rows = (await answerMatrix(context)).filter(
    (row) => overHttps(row) && !['local', 'static'].includes(row.cause),
  );
  const wanted = Object.fromEntries(FIVE.map((name) => [name, str(claim, name)]));
  return judgeHeaders(
    'the five headers with their values on every proxied answer and every error of the gateway',
    rows,
    wanted,
  );
});

verify('production-gateway.security-headers.every-https-response', async (context) => {
  const rows = (await answerMatrix(context)).filter(({ cause }) => ['local', 'static', 'proxied'].includes(cause));
  return judgeHeaders(
    `${String(num(context.claim, 'headers'))} security headers on ${strings(context.claim, 'paths').join(', ')} and proxied answers`,
    rows,
    any(FIVE),
    NOT_INHERITED,
  );
});

verify('production-gateway.security-headers.permissions-policy', async (context) => {
  const name = 'Permissions-Policy';
  const value = str(context.claim, name);
  const rows = (await answerMatrix(context)).filter(({ cause }) => cause === 'proxied');
  return judgeHeaders(
    `${name}: ${value} on proxied answers`,
    rows,
    { [name]: value },
    'the complete configuration has no such line; only the section on TLS shows one',
  );
});

verify('production-gateway.security-headers.csp', async (context) => {
  const { claim } = context;
  const promised = Object.fromEntries(
    Object.keys(claim.value).map((name) => [name.replace('_', '-'), str(claim, name)]),
  );
  const rows = (await answerMatrix(context)).filter(({ cause, seen }) => cause === 'proxied' && seen.status === 200);
  const faults = rows.flatMap((row) =>
    policyFaults(promised, header(row.seen, 'content-security-policy')).map((fault) => `${rowName(row)}: ${fault}`),
  );
  return judged(
    rows.length > 0 && faults.length === 0,
    `a policy with ${Object.entries(promised)
      .map(([name, value]) => `${name} ${value}`)
      .join('; ')}`,
    faults.length === 0
      ? Object.keys(cspDirectives(header(rows[0]!.seen, 'content-security-policy') ?? '')).join(', ')
      : listed(faults),
    rows.slice(0, 1).flatMap(rowProof),
    'the complete configuration has no such line; only the section on TLS shows one',
  );
});

verify('production-gateway.security-headers.server-version-hidden', async (context) => {
  const wanted = str(context.claim, 'server_header');
  const rows = await answerMatrix(context);
  const faults = rows.flatMap((row) => {
    const told = versionTold(row.seen);
    const server = serverLine(row.seen);
    if (told !== undefined) return [`${told} on ${rowName(row)}`];
    return server === undefined || server === wanted ? [] : [`Server: ${server} on ${rowName(row)}`];
  });
  const odd = rows.find(({ seen }) => versionTold(seen) !== undefined) ?? rows[0];
  return judged(
    rows.length > 0 && faults.length === 0,
    `no version of nginx in any header or body, Server: ${wanted}`,
    faults.length === 0
      ? `none in ${String(rows.length)} answers: ${listed(rows.map(rowName), 20)}`
      : listed(faults, 5),
    odd ? rowProof(odd) : [],
  );
});

verify('production-gateway.security-headers.no-duplicates', async (context) => backendsOwn(context, FIVE));

verify('production-gateway.security-headers.single-value', async (context) => {
  const { claim } = context;
  const outcome = await backendsOwn(context, FIVE, { 'X-Frame-Options': str(claim, 'X-Frame-Options') });
  return outcome;
});

/** Headers that a gateway may set beside the five: where it does, a backend's own must not pass. */
const OPTIONAL = ['Content-Security-Policy', 'Permissions-Policy'];

/** A backend that sets security headers of its own: what the client gets must be the gateway's, once. */
async function backendsOwn(context: CaseContext, always: readonly string[], values: WantedHeaders = {}) {
  const own: Readonly<Record<string, string>> = {
    'Strict-Transport-Security': 'max-age=15552000',
    'X-Content-Type-Options': 'other',
    'X-Frame-Options': 'SAMEORIGIN',
    'X-XSS-Protection': '0',
    'Referrer-Policy': 'no-referrer',
    'Content-Security-Policy': "default-src 'none'",
    'Permissions-Policy': 'camera=(self)',
  };
  const paths = ['/api/v1/x', '/api/v1/admin/x'];
  const plain = await context.client().request('/api/v1/x');
  const names = [...always, ...OPTIONAL.filter((name) => header(plain, name) !== undefined)];
  const delivered = await deliver(
    context,
    paths.map((path) => ({ client: context.clientFor(path), path, behave: { headers: own } })),
  );
  const rows = delivered.map(({ seen, probe }): MatrixRow => ({
    cause: 'proxied',
    path: probe.path,
    seen,
    client: probe.client,
    request: probe,
  }));
  const outcome = judgeHeaders(
    'each security header once, with the gateway’s value, though the backend sets its own',
    rows,
    { ...any(names), ...values },
    'add_header adds a line beside the backend’s; without proxy_hide_header both reach the client',
  );
  const leaked = rows.flatMap((row) =>
    names
      .filter((name) => header(row.seen, name) === own[name])
      .map((name) => `${name} of the backend on ${rowName(row)}`),
  );
  if (outcome.verdict === 'deviates' || leaked.length === 0) return outcome;
  return judged(false, outcome.expected, listed(leaked), [
    table(
      'values at the client',
      ['answer', ...names],
      rows.map((row) => [outcomeOf(row.seen), ...names.map((name) => header(row.seen, name) ?? 'absent')]),
    ),
  ]);
}
