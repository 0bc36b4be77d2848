/**
 * Takes directives out of a configuration, so that it loads in an nginx that does
 * not have them. Everything else keeps its text, comments included.
 */
import { configNames } from './nginx-config.ts';
import type { ConfigFiles } from './nginx-config.ts';
import { statementsOf } from './nginx-statements.ts';
import type { Statement } from './nginx-statements.ts';

/** A directive that was taken out. */
export interface LeftOut {
  readonly file: string;
  readonly name: string;
  readonly words: readonly string[];
}

/** What these blocks hold are values, not directives. */
const TABLES: readonly string[] = ['map', 'geo', 'split_clients', 'types', 'charset_map'];

/**
 * A configuration without the directives that match a pattern: a name, then words
 * of which the directive must have each; `*` stands for any characters.
 */
export function withoutDirectives(
  files: ConfigFiles,
  patterns: readonly string[],
): { files: ConfigFiles; leftOut: readonly LeftOut[] } {
  const matches = matcher(patterns);
  // Other files (Lua, rules of a firewall) have a syntax of their own.
  const names = configNames(files);
  const leftOut: LeftOut[] = [];
  const kept = [...files].map(([file, text]): [string, string] => {
    if (!names.has(file)) return [file, text];
    const found = matching(statementsOf(text), matches);
    leftOut.push(...found.map(({ name, words }) => ({ file, name, words })));
    return [file, found.reduceRight(cut, text)];
  });
  return { files: new Map(kept), leftOut };
}

function matcher(patterns: readonly string[]): (statement: Statement) => boolean {
  const wanted = patterns.map((pattern) => pattern.split(/\s+/).map(glob));
  return ({ name, words }) =>
    wanted.some(
      ([first, ...rest]) => first?.test(name) === true && rest.every((one) => words.some((word) => one.test(word))),
    );
}

function glob(word: string): RegExp {
  return new RegExp(`^${word.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
}

/** In the order of the text; what stands in a match goes with it. */
function matching(statements: readonly Statement[], matches: (statement: Statement) => boolean): Statement[] {
  return statements.flatMap((one) => {
    if (matches(one)) return [one];
    return TABLES.includes(one.name) ? [] : matching(one.block ?? [], matches);
  });
}

/** Removes one directive, and its lines when nothing else stands there. */
function cut(text: string, { name, words, from, to }: Statement): string {
  const [before, after] = [text.slice(0, from), text.slice(to)];
  const variable = definedVariable(name, words);
  if (variable !== undefined) return `${before}set ${variable} "";${after}`;
  const indent = /(?:^|\n)[ \t]*$/.test(before);
  const rest = /^[ \t]*(?:\n|$)/.exec(after);
  return indent && rest ? before.replace(/[ \t]*$/, '') + after.slice(rest[0].length) : before + after;
}

/** The variable that a directive sets: others may use it, and nginx refuses an unknown one. */
function definedVariable(name: string, words: readonly string[]): string | undefined {
  return name.startsWith('set_by_') && words[0]?.startsWith('$') ? words[0] : undefined;
}
