import { statementsOf } from './nginx-statements.ts';
import type { Statement } from './nginx-statements.ts';

/** One directive: its name, its words and, if it has one, its block. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly block?: readonly Directive[];
}

/** Files of a configuration: path below /etc/nginx → text. */
export type ConfigFiles = ReadonlyMap<string, string>;

const ROOT = '/etc/nginx/';

/** The directives of one file; includes stay what they are. The code of Lua blocks is left out. */
export function directivesOf(text: string): Directive[] {
  const plain = (list: readonly Statement[]): Directive[] =>
    list.map(({ name, words, block }) => ({ name, words, ...(block ? { block: plain(block) } : {}) }));
  return plain(statementsOf(text));
}

/** The files of a dump by `nginx -T`. */
export function dumpedFiles(dump: string): ConfigFiles {
  const parts = dump.split(/^# configuration file (.+):$/m);
  const files = new Map<string, string>();
  for (let index = 1; index + 1 < parts.length; index += 2)
    files.set((parts[index] ?? '').replace(ROOT, ''), parts[index + 1] ?? '');
  return files;
}

/** Names of the files that an include means, sorted. */
function included(files: ConfigFiles, pattern: string): string[] {
  const wanted = new RegExp(
    `^${pattern
      .replace(ROOT, '')
      .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')}$`,
  );
  return [...files.keys()].filter((name) => wanted.test(name)).sort();
}

/** The whole configuration: every include replaced by what it names. */
export function wholeConfig(files: ConfigFiles): readonly Directive[] {
  const expanded = (list: readonly Directive[]): Directive[] =>
    list.flatMap((one) => {
      if (one.name === 'include')
        return included(files, one.words[0] ?? '').flatMap((name) => expanded(directivesOf(files.get(name) ?? '')));
      return one.block ? [{ ...one, block: expanded(one.block) }] : [one];
    });
  return expanded(directivesOf(files.get('nginx.conf') ?? ''));
}

/** Names of the files that nginx reads as its configuration: `nginx.conf` and what is included from there. */
export function configNames(files: ConfigFiles): ReadonlySet<string> {
  const found = new Set<string>();
  const read = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    includesOf(directivesOf(files.get(name) ?? ''))
      .flatMap((pattern) => included(files, pattern))
      .forEach(read);
  };
  if (files.has('nginx.conf')) read('nginx.conf');
  return found;
}

function includesOf(list: readonly Directive[]): string[] {
  return list.flatMap(({ name, words, block }) => (name === 'include' ? words.slice(0, 1) : includesOf(block ?? [])));
}

/** The blocks around the place that answers a path of a virtual host over TLS: http, server and, if one matches, location. */
export function placeOf(config: readonly Directive[], host: string, path: string): readonly Directive[] {
  const http = config.find(({ name }) => name === 'http');
  const servers = (http?.block ?? []).filter((one) => one.name === 'server' && wordsOf(one, 'listen').includes('ssl'));
  const server = servers.find((one) => wordsOf(one, 'server_name').includes(host)) ?? servers[0];
  const location = server && locationOf(server, path);
  return [http, server, location].filter((one) => one !== undefined);
}

/** The location that nginx chooses: the exact one, else a regular expression unless the longest prefix forbids it, else that prefix. */
function locationOf(server: Directive, path: string): Directive | undefined {
  const locations = (server.block ?? []).filter(({ name }) => name === 'location');
  const target = ({ words }: Directive): string => words.at(-1) ?? '';
  const kind = ({ words }: Directive): string => (words.length > 1 ? (words[0] ?? '') : '');
  const exact = locations.find((one) => kind(one) === '=' && target(one) === path);
  const [longest] = locations
    .filter((one) => ['', '^~'].includes(kind(one)) && path.startsWith(target(one)) && !target(one).startsWith('@'))
    .toSorted((a, b) => target(b).length - target(a).length);
  const pattern = locations.find(
    (one) => kind(one).startsWith('~') && new RegExp(target(one), kind(one) === '~*' ? 'i' : '').test(path),
  );
  if (exact) return exact;
  return longest && kind(longest) === '^~' ? longest : (pattern ?? longest);
}

/** The words of a directive in the innermost block that has it; `undefined` when none of them has. */
export function inForce(place: readonly Directive[], directive: string): readonly string[] | undefined {
  const holder = place.findLast(({ block }) => block?.some(({ name }) => name === directive));
  return holder?.block?.find(({ name }) => name === directive)?.words;
}

/** All words of all directives of one name in a block. */
export function wordsOf({ block }: Directive, directive: string): string[] {
  return (block ?? []).filter(({ name }) => name === directive).flatMap(({ words }) => words);
}
