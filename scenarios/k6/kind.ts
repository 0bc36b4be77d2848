/** What became of a request, finer than answered, refused or failed: a tag that has few values. */

/** Of k6's responses, what tells it. */
interface Ended {
  /** 0 without an answer. */
  readonly status: number;
  /** https://grafana.com/docs/k6/latest/javascript-api/error-codes/; 0 without an error. */
  readonly error_code: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** Values of nginx's `$upstream_cache_status`. Whatever else a gateway writes there must not become a tag each. */
const CACHE_STATES = new Set(['hit', 'miss', 'bypass', 'expired', 'stale', 'updating', 'revalidated']);

/** Codes of errors without an answer, single ones before the hundreds that they belong to. */
const TRANSPORT: readonly { readonly from: number; readonly to: number; readonly kind: string }[] = [
  { from: 1050, to: 1050, kind: 'time-out' },
  { from: 1211, to: 1211, kind: 'time-out' },
  { from: 1212, to: 1212, kind: 'connection refused' },
  { from: 1201, to: 1201, kind: 'connection reset' },
  { from: 1220, to: 1220, kind: 'connection reset' },
  { from: 1100, to: 1199, kind: 'DNS error' },
  { from: 1200, to: 1299, kind: 'TCP error' },
  { from: 1300, to: 1399, kind: 'TLS error' },
  { from: 1600, to: 1699, kind: 'HTTP/2 error' },
];

/** `hit`, `miss` and so on by the header X-Cache-Status, `upstream` without it; `limited`, `status 503`, `time-out` … */
export function kindOf({ status, error_code, headers }: Ended): string {
  if (status === 0)
    return TRANSPORT.find(({ from, to }) => error_code >= from && error_code <= to)?.kind ?? 'no answer';
  if (status === 429) return 'limited';
  if (status >= 400) return `status ${status}`;
  const state = headers['X-Cache-Status']?.toLowerCase();
  if (state === undefined) return 'upstream';
  return CACHE_STATES.has(state) ? state : 'other';
}
