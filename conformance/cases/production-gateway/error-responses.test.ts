import { num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { answerMatrix, judgeHeaders, rowProof } from '../../checks/answer-matrix.ts';
import type { Cause } from '../../checks/answer-matrix.ts';
import { forEvery, furtherErrors, judgeContract, refusalFaults } from '../../checks/error-contract.ts';
import { judged, listed } from '../../checks/exchange.ts';
import { verify } from '../../verify.ts';

/** The headers of the complete configuration. */
const SECURITY_HEADERS = [
  'Strict-Transport-Security',
  'X-Content-Type-Options',
  'X-Frame-Options',
  'X-XSS-Protection',
  'Referrer-Policy',
];

/** Errors of the gateway's own making; what a backend answers is not among them. */
const OWN: readonly Cause[] = [
  'unmatched',
  'forbidden',
  'malformed',
  'no-token',
  'too-large',
  'uri-too-long',
  'rate-exceeded',
  'connections-exceeded',
  'backend-reset',
  'backend-silent',
];

verify('production-gateway.error-responses.uniform-json', async (context) => {
  const [matrix, further] = await Promise.all([answerMatrix(context), furtherErrors(context)]);
  const rows = [...matrix, ...further].filter(
    ({ cause, seen }) => OWN.includes(cause) && (seen.status === null || seen.status >= 400),
  );
  // Which statuses have to be provoked stands in the description of the check.
  const statuses = (context.claim.check.match(/\b[45]\d\d\b/g) ?? []).map(Number);
  return forEvery(statuses, rows, judgeContract(rows, strings(context.claim, 'fields')));
});

verify('production-gateway.error-responses.security-headers-on-errors', async (context) => {
  const statuses = numbers(context.claim, 'statuses');
  const rows = (await answerMatrix(context)).filter(
    ({ cause, seen }) => OWN.includes(cause) && (seen.status === null || statuses.includes(seen.status)),
  );
  const wanted = Object.fromEntries(SECURITY_HEADERS.map((name) => [name, undefined]));
  return forEvery(
    statuses,
    rows,
    judgeHeaders(`the security headers on the gateway’s own ${statuses.join(', ')}`, rows, wanted),
  );
});

verify('production-gateway.error-responses.rate-limit-json', async (context) => {
  const { claim } = context;
  const row = (await answerMatrix(context)).find(
    ({ cause, path }) => cause === 'rate-exceeded' && !path.includes('/admin/'),
  );
  const contract = {
    status: num(claim, 'status'),
    headers: {
      'Content-Type': str(claim, 'Content-Type'),
      ...Object.fromEntries(
        ['Retry-After', 'X-RateLimit-Limit', 'X-RateLimit-Remaining'].map((name) => [name, num(claim, name)]),
      ),
    },
  };
  const expected = `${String(contract.status)} with the documented JSON error, ${Object.entries(contract.headers)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}`;
  if (!row) return judged(false, expected, 'no request was refused, however many came at once', []);
  const faults = refusalFaults(row.seen, contract);
  return judged(
    faults.length === 0,
    expected,
    faults.length === 0 ? 'as promised' : listed(faults, 8),
    rowProof(row),
    'limit_req_status changes the status alone; no error_page gives the refusal a body or headers',
  );
});
