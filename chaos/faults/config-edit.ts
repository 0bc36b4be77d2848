/** Another nginx configuration: one text of one file, replaced and reloaded. */
import type { Fault } from '../runner/fault.ts';
import { gatewayFiles } from './gateway-files.ts';

const ROOT = '/etc/nginx';

/**
 * Replaces text in a file of the nginx configuration on every named node, then
 * reloads after `nginx -t`. A text is replaced wherever it stands; a pattern as its
 * flags say (`$1` works in the replacement).
 *
 * @param path relative to `/etc/nginx`
 * @throws Error (when armed) if the file does not have what is to be replaced
 */
export function configEdit(nodes: readonly string[], path: string, find: string | RegExp, replace: string): Fault {
  const file = `${ROOT}/${path}`;
  return gatewayFiles({
    name: `config-edit ${path} on ${nodes.join(', ')}: ${shorten(replace)}`,
    nodes,
    paths: [file],
    change: (old, node) => ({ [file]: edited(old[file] ?? '', find, replace, `${path} on ${node}`) }),
  });
}

/** @throws Error naming the place when there is nothing to replace */
export function edited(text: string, find: string | RegExp, replace: string, where: string): string {
  const changed = typeof find === 'string' ? text.split(find).join(replace) : text.replace(find, replace);
  if (changed === text) throw new Error(`${where} does not have ${String(find)}`);
  return changed;
}

function shorten(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line === '' ? 'text taken out' : line.length > 60 ? `${line.slice(0, 57)}…` : line;
}
