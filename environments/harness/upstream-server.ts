import { nginxSeconds } from './config.ts';

/** A `server` of an upstream block, with nginx's own values where the configuration gives none (ngx_http_upstream_module). */
export interface UpstreamServer {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  /** Requests at a time that it may be given; 0 for any number. */
  readonly maxConns: number;
  readonly backup: boolean;
  /** Marked as out of rotation for good. */
  readonly down: boolean;
  /** Failures that take the server out for `failTimeout_s`. */
  readonly maxFails: number;
  readonly failTimeout_s: number;
}

/** Reads the words of a `server` directive. */
export function upstreamServer([address = '', ...parameters]: readonly string[]): UpstreamServer {
  const colon = address.lastIndexOf(':');
  const value = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    host: colon < 0 ? address : address.slice(0, colon),
    port: colon < 0 ? 80 : Number(address.slice(colon + 1)),
    weight: Number(value('weight') ?? 1),
    maxConns: Number(value('max_conns') ?? 0),
    backup: parameters.includes('backup'),
    down: parameters.includes('down'),
    maxFails: Number(value('max_fails') ?? 1),
    failTimeout_s: nginxSeconds(value('fail_timeout') ?? '10s') ?? 10,
  };
}
