/** One directive: its name, its words and, if it has one, its block. */
export interface Directive {
  readonly name: string;
  readonly words: readonly string[];
  readonly block?: readonly Directive[];
}

/** Files of a configuration: path below /etc/nginx → text. */
export type ConfigFiles = ReadonlyMap<string, string>;

const ROOT = '/etc/nginx/';

/** A comment, a word in quotes, a bare word, or one of the signs that end a directive. */
const TOKEN =
  /#[^\n]*|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|[{};]|(?:\\[\s\S]|\$\{[^}]*\}|[^\s{};#"'\\])(?:\\[\s\S]|\$\{[^}]*\}|[^\s{};\\])*/g;

/** The directives of one file; includes stay what they are. The code of Lua blocks is left out. */
export function directivesOf(text: string): Directive[] {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !token.startsWith('#'));
  let at = 0;
  /** Skips foreign code until its braces are even again. */
  const skipCode = (): void => {
    for (let depth = 1; depth > 0 && at < tokens.length; at += 1) {
      if (tokens[at] === '{') depth += 1;
      if (tokens[at] === '}') depth -= 1;
    }
  };
  const readBlock = (): Directive[] => {
    const found: Directive[] = [];
    let words: string[] = [];
    while (at < tokens.length) {
      const token = tokens[at] ?? '';
      at += 1;
      if (token === '}') break;
      if (token !== ';' && token !== '{') {
        words.push(unquoted(token));
        continue;
      }
      const [name = '', ...rest] = words;
      words = [];
      if (token === ';') found.push({ name, words: rest });
      else if (name.endsWith('_by_lua_block')) {
        skipCode();
        found.push({ name, words: rest });
      } else found.push({ name, words: rest, block: readBlock() });
    }
    return found;
  };
  return readBlock();
}

function unquoted(token: string): string {
  return /^(["'])[\s\S]*\1$/.test(token) ? token.slice(1, -1) : token;
}

/** The files of a dump by `nginx -T`. */
export function dumpedFiles(dump: string): ConfigFiles {
  const parts = dump.split(/^# configuration file (.+):$/m);
  const files = new Map<string, string>();
  for (let index = 1; index + 1 < parts.length; index += 2)
    files.set((parts[index] ?? '').replace(ROOT, ''), parts[index + 1] ?? '');
  return files;
}

/** The whole configuration: every include replaced by what it names. */
export function wholeConfig(files: ConfigFiles): readonly Directive[] {
  const included = (pattern: string): Directive[] => {
    const wanted = new RegExp(
      `^${pattern
        .replace(ROOT, '')
        .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '[^/]*')}$`,
    );
    const names = [...files.keys()].filter((name) => wanted.test(name)).sort();
    return names.flatMap((name) => expanded(directivesOf(files.get(name) ?? '')));
  };
  const expanded = (list: readonly Directive[]): Directive[] =>
    list.flatMap((one) => {
      if (one.name === 'include') return included(one.words[0] ?? '');
      return one.block ? [{ ...one, block: expanded(one.block) }] : [one];
    });
  return expanded(directivesOf(files.get('nginx.conf') ?? ''));
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
