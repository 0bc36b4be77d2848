/** The page's own style sheets and scripts, joined in their order. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const STYLES = [
  'base',
  'frame',
  'answer',
  'variants',
  'breaks',
  'story',
  'ledger',
  'evidence',
  'charts',
  'tables',
  'experiments',
  'wide',
  'narrow',
  'print',
];
const SCRIPTS = [
  'dom',
  'scale',
  'chart',
  'timeline',
  'strip',
  'axis',
  'load',
  'heat',
  'endings',
  'spectrum',
  'knee',
  'scaling',
  'series',
  'filter',
  'ledger',
  'frame',
];

function read(folder: string, names: readonly string[], extension: string): string {
  return names
    .map((name) => readFileSync(new URL(`./${folder}/${name}.${extension}`, import.meta.url), 'utf8'))
    .join('\n');
}

/** One inline style sheet or script with the hash that the page's policy admits. */
export interface Asset {
  readonly text: string;
  readonly hash: string;
}

function asset(text: string): Asset {
  if (text.includes('</s')) throw new Error('An inline style sheet or script must not hold an end tag.');
  return { text, hash: `sha256-${createHash('sha256').update(text).digest('base64')}` };
}

/** All style sheets. */
export function styles(): Asset {
  return asset(`\n${read('style', STYLES, 'css')}`);
}

/** All scripts, each a set of functions; the last one starts them. */
export function scripts(): Asset {
  return asset(`\n'use strict';\n{\n${read('client', SCRIPTS, 'js')}}\n`);
}
