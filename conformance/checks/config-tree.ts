import { directivesOf } from '../../environments/harness/nginx-config.ts';
import type { Directive as Parsed } from '../../environments/harness/nginx-config.ts';

/** A directive of an nginx configuration with its block, when it has one. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** Directives of its block; undefined for one that ends with a semicolon. */
  readonly block?: readonly Directive[];
}

/**
 * The directives of a configuration (`nginx -T`), file after file: an included
 * file's directives stand by themselves, not where they are included. The code of
 * Lua blocks is left out.
 */
export function configTree(config: string): Directive[] {
  const asTree = (list: readonly Parsed[]): Directive[] =>
    list.map(({ name, words, block }) => ({ name, args: words, ...(block ? { block: asTree(block) } : {}) }));
  return asTree(directivesOf(config));
}

/** Every directive of this name, wherever it stands, with the blocks around it from the outside in. */
export function everywhere(
  tree: readonly Directive[],
  name: string,
  around: readonly Directive[] = [],
): { readonly directive: Directive; readonly around: readonly Directive[] }[] {
  return tree.flatMap((directive) => [
    ...(directive.name === name ? [{ directive, around }] : []),
    ...(directive.block ? everywhere(directive.block, name, [...around, directive]) : []),
  ]);
}

/** Arguments of every directive of this name that stands right in a block. */
export function argsOf({ block = [] }: Pick<Directive, 'block'>, name: string): (readonly string[])[] {
  return block.filter((directive) => directive.name === name).map(({ args }) => args);
}

/** Who a block lets in: its lines of `allow`, and whether the rest is refused. */
export function allowList(block: Pick<Directive, 'block'>): {
  readonly allow: readonly string[];
  readonly closed: boolean;
} {
  const allow = argsOf(block, 'allow').flat();
  const last = (block.block ?? []).findLast(({ name }) => name === 'allow' || name === 'deny');
  return { allow, closed: last?.name === 'deny' && last.args[0] === 'all' };
}

/** Whether a block lets in exactly these sources and nobody else. */
export function admitsOnly(block: Pick<Directive, 'block'>, sources: readonly string[]): boolean {
  const { allow, closed } = allowList(block);
  return closed && allow.toSorted().join(' ') === sources.toSorted().join(' ');
}
