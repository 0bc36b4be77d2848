import type { Config, LogLevel } from './config.ts';

/** The documented fields of a log line. `duration` is in milliseconds; `path` carries no query, where secrets travel. */
export interface LogEntry {
  readonly requestId?: string | null;
  readonly userId?: string | null;
  readonly method?: string;
  readonly path?: string;
  readonly statusCode?: number;
  readonly duration?: number;
  readonly ip?: string;
  readonly userAgent?: string | null;
  readonly message: string;
}

export type Log = (level: LogLevel, entry: LogEntry) => void;

const ORDER: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Structured lines on standard output, in the documented order of fields. */
export function logger(config: Pick<Config, 'service' | 'logLevel' | 'logFormat'>, write = (line: string): unknown => process.stdout.write(line)): Log {
  const threshold = ORDER.indexOf(config.logLevel);
  return (level, entry) => {
    if (ORDER.indexOf(level) < threshold) return;
    const timestamp = new Date().toISOString();
    write(config.logFormat === 'json' ? `${JSON.stringify({ timestamp, level, service: config.service, ...entry })}\n` : text(timestamp, level, entry));
  };
}

function text(timestamp: string, level: LogLevel, entry: LogEntry): string {
  const request = entry.method === undefined ? '' : ` ${entry.method} ${entry.path ?? ''} ${String(entry.statusCode ?? '-')} ${String(entry.duration ?? '-')}ms`;
  return `${timestamp} ${level}${request} ${entry.message}\n`;
}

/** Errors of the server weigh more than errors of the client. */
export function levelOf(statusCode: number): LogLevel {
  return statusCode >= 500 ? 'error' : statusCode >= 400 ? 'warn' : 'info';
}
