import { nginxBytes } from '../../environments/harness/config.ts';
import { configTree, everywhere } from './config-tree.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** A `limit_req_zone` as nginx runs it. */
export interface RateZone {
  readonly name: string;
  /** The expression that requests are counted by. */
  readonly key: string;
  readonly rate_perMin: number;
  readonly size_bytes: number;
}

/** Text of a configuration without its comments. */
export function withoutComments(config: string): string {
  return config.replaceAll(/(^|\s)#.*$/gm, '$1');
}

/** The request-rate zones of a configuration (`nginx -T`); nginx takes the parameters in any order. */
export function rateZones(config: string): RateZone[] {
  return everywhere(configTree(config), 'limit_req_zone').map(({ directive: { args } }) => {
    const [key = '', ...parameters] = args;
    const value = (name: string): string =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    const [name = '', size = ''] = value('zone').split(':');
    const [, rate = '0', per = 'm'] = /^(\d+)r\/([sm])$/i.exec(value('rate')) ?? [];
    return {
      name,
      key,
      rate_perMin: Number(rate) * (per.toLowerCase() === 's' ? 60 : 1),
      size_bytes: nginxBytes(size) ?? 0,
    };
  });
}

/** A documented zone; `keys` are the ways to write what it counts by. */
export interface PromisedZone {
  readonly name: string;
  readonly keys: readonly string[];
  readonly rate_perMin: number;
}

/** Both name the peer of the connection; the first is its address as four bytes. */
export const CLIENT_ADDRESS: readonly string[] = ['$binary_remote_addr', '$remote_addr'];
/** The value of the request's Authorization header. */
export const CREDENTIAL: readonly string[] = ['$http_authorization'];

/** Judges whether each documented zone exists with its key, rate and size. Others may exist beside them. */
export function judgeZones(promised: readonly PromisedZone[], size_bytes: number, zones: readonly RateZone[]): Outcome {
  const faults = promised.flatMap(({ name, keys, rate_perMin }) => {
    const zone = zones.find((one) => one.name === name);
    if (!zone) return [`there is no zone ${name}`];
    return [
      ...(keys.includes(zone.key) ? [] : [`${name} counts by ${zone.key}`]),
      ...(zone.rate_perMin === rate_perMin ? [] : [`${name} has ${String(zone.rate_perMin)} a minute`]),
      ...(zone.size_bytes === size_bytes ? [] : [`${name} has ${String(zone.size_bytes)} bytes`]),
    ];
  });
  return judge(
    faults.length === 0,
    promised
      .map(({ name, keys, rate_perMin }) => `${name} by ${keys[0] ?? ''} ${String(rate_perMin)} a minute`)
      .join(', '),
    faults.length === 0 ? 'as documented' : faults.join('; '),
    [
      {
        kind: 'table',
        title: 'limit_req_zone in nginx -T',
        columns: ['zone', 'key', 'a minute', 'bytes'],
        rows: zones.map((zone) => [zone.name, zone.key, zone.rate_perMin, zone.size_bytes]),
      },
    ],
  );
}

/** Whether a Lua limiter is configured: its shared memory and a handler that looks at each request. */
export function judgeLuaLimiter(config: string, size_bytes: number): Outcome {
  const text = withoutComments(config);
  const dictionaries = [...text.matchAll(/\blua_shared_dict\s+\w+\s+(\w+)\s*;/g)].map(([line, size = '']) => ({
    line,
    bytes: nginxBytes(size),
  }));
  const handlers = [...text.matchAll(/\baccess_by_lua(?:_block|_file)?\b.*/g)].map(([line]) => line.trim());
  const holds = dictionaries.some(({ bytes }) => bytes === size_bytes) && handlers.length > 0;
  const lines = [...dictionaries.map(({ line }) => line), ...handlers];
  return judge(
    holds,
    `a Lua limiter with ${String(size_bytes)} bytes of shared memory, in the access phase`,
    lines.length === 0 ? 'the configuration has no Lua at all' : lines.join(' '),
    [{ kind: 'config', title: 'Lua in nginx -T', text: lines.length === 0 ? 'none' : lines.join('\n') }],
    holds ? undefined : 'the complete configuration loads no Lua module',
  );
}
