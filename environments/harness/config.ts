import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FileToPut } from './containers.ts';
import { withoutDirectives } from './left-out.ts';
import { wholeConfig } from './nginx-config.ts';
import type { ConfigFiles } from './nginx-config.ts';
import type { ConfigEdit } from './types.ts';

/** Where the folders of a variant go in a gateway container. */
const TARGETS = { nginx: '/etc/nginx', files: '' } as const;

/** What becomes of a variant's nginx files before they are used. */
export interface ConfigChanges {
  /** Applied to each file; the path is relative to `nginx/`. */
  readonly edit?: ConfigEdit;
  /** Patterns of directives that are taken out, because the gateway's image lacks what they need; see left-out.ts. */
  readonly leftOut?: readonly string[];
  /** Divides every duration by this factor, those that nginx has by default among them. */
  readonly scale?: number;
}

/** Reads a variant's gateway files: `nginx/` becomes `/etc/nginx`, `files/` becomes `/`. */
export async function gatewayFiles(variantDir: string, changes: ConfigChanges = {}): Promise<FileToPut[]> {
  const [texts, others] = await Promise.all([configTexts(variantDir), contents(variantDir, 'files')]);
  return [
    ...[...changed(texts, changes)].map(([name, content]) => ({ path: `${TARGETS.nginx}/${name}`, content })),
    ...[...others].map(([name, content]) => ({ path: `${TARGETS.files}/${name}`, content })),
  ];
}

/** A variant's nginx files as they are. */
export async function configTexts(variantDir: string): Promise<ConfigFiles> {
  const files = await contents(variantDir, 'nginx');
  return new Map([...files].map(([name, content]) => [name, content.toString('utf8')] as const));
}

async function contents(variantDir: string, folder: keyof typeof TARGETS): Promise<Map<string, Buffer>> {
  const paths = await tree(join(variantDir, folder));
  return new Map(
    await Promise.all(
      paths.map(async (path) => [relative(join(variantDir, folder), path), await readFile(path)] as const),
    ),
  );
}

/**
 * The edit meets the text as it is in the variant; what it writes is left out and scaled
 * like everything else.
 */
function changed(files: ConfigFiles, { edit, leftOut = [], scale }: ConfigChanges): ConfigFiles {
  const edited = edit ? mapped(files, edit) : files;
  const usable = leftOut.length === 0 ? edited : withoutDirectives(edited, leftOut).files;
  return scale === undefined ? usable : mapped(withDefaultDurations(usable), scaleDurations(scale));
}

function mapped(files: ConfigFiles, edit: ConfigEdit): ConfigFiles {
  return new Map([...files].map(([name, text]) => [name, edit(name, text)]));
}

/** Every file under a folder, sorted; an absent folder has none. */
export async function tree(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Seconds of an nginx time (`60s`, `5m`, `1d`, `30`); `undefined` for anything else. */
export function nginxSeconds(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h|d)?$/.exec(text);
  if (!match) return undefined;
  const factor = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[match[2] ?? 's'];
  return factor === undefined ? undefined : Number(match[1]) * factor;
}

/** Bytes of an nginx size (`8k`, `50m`, `4096`); `undefined` for anything else. */
export function nginxBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  const factor = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }[unit.toLowerCase()];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/** What nginx waits where a configuration does not say, s. They are not in its text, so that a scale would miss them. */
export const DEFAULT_DURATIONS_S: Readonly<Record<string, number>> = {
  proxy_connect_timeout: 60,
  proxy_send_timeout: 60,
  proxy_read_timeout: 60,
  client_header_timeout: 60,
  client_body_timeout: 60,
  send_timeout: 60,
  keepalive_timeout: 75,
};

/** How long an upstream that keeps idle connections keeps them by default, s. */
export const DEFAULT_UPSTREAM_IDLE_S = 60;

/** Writes the default durations down where the configuration leaves them to nginx. */
export function withDefaultDurations(files: ConfigFiles): ConfigFiles {
  const http = wholeConfig(files).find(({ name }) => name === 'http');
  const set = new Set((http?.block ?? []).map(({ name }) => name));
  const missing = Object.entries(DEFAULT_DURATIONS_S)
    .filter(([name]) => !set.has(name))
    .map(([name, seconds]) => `    ${name} ${String(seconds)}s;\n`);
  return mapped(files, (path, text) => {
    const whole = path === 'nginx.conf' ? text.replace(/^http\s*\{\n/m, `$&${missing.join('')}`) : text;
    return whole.replace(/^(\s*upstream\s[^{]*\{)([^}]*)\}/gm, (all, open: string, body: string) =>
      /^\s*keepalive\s/m.test(body) && !/^\s*keepalive_timeout\s/m.test(body)
        ? `${open}${body}    keepalive_timeout ${String(DEFAULT_UPSTREAM_IDLE_S)}s;\n}`
        : all,
    );
  });
}

/** Nothing is scaled below this: nginx's coarser timers count whole seconds. */
export const SHORTEST_SCALED_S = 3;

const TIMED_DIRECTIVE =
  /^(\s*)((?:proxy|client|send|keepalive|resolver|fastcgi|grpc|auth|lingering|ssl_session|http2?|quic)_?[a-z_]*(?:timeout|time)|proxy_cache_valid)(\s+[^;]*);/gm;
const TIMED_PARAMETER = /\b(fail_timeout|inactive|slow_start)=(\d+(?:ms|s|m|h|d)?)/g;

/** What a configured duration becomes: divided, but never below 3 s, and never made longer. */
export function scaledSeconds(configured_s: number, factor: number): number {
  return Math.max(Math.min(configured_s, SHORTEST_SCALED_S), configured_s / factor);
}

/** Divides every duration of a configuration by one factor; rates, sizes and counts stay. */
export function scaleDurations(factor: number): ConfigEdit {
  // Seconds where they are whole: some directives know no milliseconds.
  const scale = (text: string): string => {
    const seconds = nginxSeconds(text);
    if (seconds === undefined || seconds === 0) return text;
    const scaled = scaledSeconds(seconds, factor);
    return Number.isInteger(scaled) ? `${String(scaled)}s` : `${String(Math.round(scaled * 1000))}ms`;
  };
  const whole = (text: string): string => {
    const seconds = nginxSeconds(text);
    return seconds === undefined ? text : `${String(Math.ceil(scaledSeconds(seconds, factor)))}s`;
  };
  return (_path, text) =>
    text
      .replace(TIMED_DIRECTIVE, (_all, indent: string, name: string, rest: string) => {
        // Status codes stand among the words of proxy_cache_valid; only words with a unit are times there.
        const isTime = (word: string): boolean => name !== 'proxy_cache_valid' || /[a-z]$/.test(word);
        return `${indent}${name}${rest.replace(/\S+/g, (word) => (isTime(word) ? scale(word) : word))};`;
      })
      .replace(TIMED_PARAMETER, (_all, name: string, value: string) => `${name}=${whole(value)}`);
}
