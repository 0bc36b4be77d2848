import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Control } from '../../reports/record/types.ts';
import { revision } from './host.ts';

/** Where the mutant tests leave what they measured. */
const CONTROLS = join(import.meta.dirname, '../../.cache/controls.json');

type ControlsByClaim = Readonly<Record<string, readonly Control[]>>;

interface ControlsFile {
  readonly revision: string;
  readonly claims: ControlsByClaim;
}

/** Keeps the negative controls that were tried, with the revision that they belong to. */
export function saveControls(claims: ControlsByClaim): void {
  mkdirSync(dirname(CONTROLS), { recursive: true });
  writeFileSync(CONTROLS, JSON.stringify({ revision: revision(), claims } satisfies ControlsFile));
}

/** Negative controls that were measured on this very revision; none when the tests were not run on it. */
export function measuredControls(): ControlsByClaim {
  if (!existsSync(CONTROLS)) return {};
  const file = JSON.parse(readFileSync(CONTROLS, 'utf8')) as ControlsFile;
  return file.revision === revision() ? file.claims : {};
}
