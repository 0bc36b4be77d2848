import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { FileToPut } from './containers.ts';
import type { ConfigEdit } from './types.ts';

/** Where the folders of a variant go in a gateway container. */
const TARGETS = { nginx: '/etc/nginx', files: '' } as const;

/**
 * Reads a variant's gateway files: `nginx/` becomes `/etc/nginx`, `files/` becomes `/`.
 * @param edit applied to each nginx file; the path is relative to `nginx/`
 */
export async function gatewayFiles(variantDir: string, edit?: ConfigEdit): Promise<FileToPut[]> {
  const files: FileToPut[] = [];
  for (const [folder, target] of Object.entries(TARGETS)) {
    for (const path of await tree(join(variantDir, folder))) {
      const name = relative(join(variantDir, folder), path);
      const content = await readFile(path);
      files.push({
        path: `${target}/${name}`,
        content: edit && folder === 'nginx' ? edit(name, content.toString('utf8')) : content,
      });
    }
  }
  return files;
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
