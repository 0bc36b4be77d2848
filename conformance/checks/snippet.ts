import type { ConfigEdit } from '../../environments/harness/types.ts';
import { CUSTOMER_POOL } from './upstream-block.ts';

/**
 * Sections of a document show locations that its complete configuration has in
 * another form. These edits put them, as the section writes them, in the place
 * of those with the same prefix, so that a replica can be asked what they do.
 */
export function withLocations(locations: Readonly<Record<string, string>>): ConfigEdit {
  return (_path, text) =>
    Object.entries(locations).reduce(
      (current, [prefix, body]) =>
        current.replace(
          new RegExp(`^location\\s+${prefix}\\s*\\{(?:[^{}]|\\{[^{}]*\\})*\\}`, 'm'),
          () => `location ${prefix} {\n${body}\n}`,
        ),
      text,
    );
}

/** Several edits, one after the other. */
export function inTurnEdits(...edits: readonly ConfigEdit[]): ConfigEdit {
  return (path, text) => edits.reduce((current, edit) => edit(path, current), text);
}

/** Puts a block of the `http` level before the customer pool. */
export function beforeCustomerPool(block: string): ConfigEdit {
  return (_path, text) =>
    text.replace(new RegExp(`^upstream\\s+${CUSTOMER_POOL}\\b`, 'm'), (found) => `${block}\n${found}`);
}
