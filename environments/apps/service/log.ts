import type { Config, LogLevel } from './config.ts';

/** The documented fields of a log line. `duration` is in ms; `path` carries no query, where secrets travel. */
export interface LogEntry {
  readonly requestId?: string | null;
  readonly userId?: string | null;
  readonly method?: string | null;
  readonly path?: string | null;
  readonly statusCode?: number | null;
  readonly duration?: number | null;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  readonly message: string;
}

export type Log = (level: LogLevel, entry: LogEntry) => void;

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Keeps the set and order of fields the same for lines that belong to no request. */
const NO_REQUEST = {
  requestId: null,
  userId: null,
  method: null,
  path: null,
  statusCode: null,
  duration: null,
  ip: null,
  userAgent: null,
} as const satisfies Omit<LogEntry, 'message'>;

/** Structured lines on standard output, in the documented order of fields. */
export function logger(
  config: Pick<Config, 'service' | 'logLevel' | 'logFormat'>,
  write = (line: string): unknown => process.stdout.write(line),
): Log {
  const threshold = ORDER.indexOf(config.logLevel);
  return (level, entry) => {
    if (ORDER.indexOf(level) < threshold) return;
    const timestamp = new Date().toISOString();
    const line = JSON.stringify({ timestamp, level, service: config.service, ...NO_REQUEST, ...entry });
    write(config.logFormat === 'json' ? `${line}\n` : text(timestamp, level, entry));
  };
}

function text(timestamp: string, level: LogLevel, { method, path, statusCode, duration, message }: LogEntry): string {
  const request = method ? ` ${method} ${path ?? ''} ${String(statusCode ?? '-')} ${String(duration ?? '-')}ms` : '';
  return `${timestamp} ${level}${request} ${message}
`;
}

/** Errors of the server weigh more than errors of the client. */
export function levelOf(statusCode: number): LogLevel {
  return statusCode >= 500 ? 'error' : statusCode >= 400 ? 'warn' : 'info';
}
