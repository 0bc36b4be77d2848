import type { HeaderList } from './protocol.ts';

const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
  'x-xsrf-token',
]);
const JSON_WEB_TOKEN = /\beyJ[\w-]{5,}\.[\w-]+\.[\w-]*/g;
const BEARER = /\b(Bearer|Basic) +[\w.~+/=-]{6,}/gi;
const JSON_SECRET =
  /("(?:[\w-]*(?:token|password|secret)|api[_-]?key|authorization|cookie|set-cookie)"\s*:\s*")((?:[^"\\]|\\.)*)(")/gi;
const QUERY_SECRET = /([?&](?:[\w-]*token|api[_-]?key|password|secret)=)[^&\s#"]+/gi;

function masked(value: string): string {
  return `‹masked, ${value.length} characters›`;
}

/** Masks what looks like a credential anywhere in a text: tokens, JSON members and query parameters named so. */
export function maskText(text: string): string {
  return text
    .replaceAll(
      JSON_SECRET,
      (_all, before: string, value: string, after: string) => `${before}${masked(value)}${after}`,
    )
    .replaceAll(QUERY_SECRET, (_all, before: string) => `${before}‹masked›`)
    .replaceAll(BEARER, (_all, scheme: string) => `${scheme} ‹masked›`)
    .replaceAll(JSON_WEB_TOKEN, (token) => masked(token));
}

/** `name=value; Path=/` → `name=‹masked›; Path=/`: attributes are what a check looks at. */
function maskSetCookie(value: string): string {
  const [pair = '', ...attributes] = value.split(';');
  return [maskPair(pair), ...attributes].join(';');
}

function maskPair(pair: string): string {
  const equals = pair.indexOf('=');
  return equals < 0 ? '‹masked›' : `${pair.slice(0, equals)}=${masked(pair.slice(equals + 1).trim())}`;
}

function maskCredentials(value: string): string {
  const space = value.indexOf(' ');
  return space < 0 ? masked(value) : `${value.slice(0, space)} ${masked(value.slice(space + 1))}`;
}

/** Header lines fit for evidence: names, schemes, cookie names and attributes stay; secrets go. */
export function maskHeaders(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => {
    const field = name.toLowerCase();
    if (field === 'set-cookie') return [name, maskSetCookie(value)] as const;
    if (field === 'cookie') return [name, value.split(';').map(maskPair).join(';')] as const;
    if (SECRET_FIELDS.has(field)) return [name, maskCredentials(value)] as const;
    return [name, maskText(value)] as const;
  });
}
