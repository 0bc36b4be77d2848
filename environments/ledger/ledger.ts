/**
 * The claims of an environment: loaded from `environments/<name>/claims.yaml`,
 * checked as a whole, handed out as plain data that travels between processes.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimKind, ClaimLevel, SourceRef } from '../../reports/record/types.ts';
import { closest } from './closest.ts';
import { parseData, readDataFile, shownPath } from './data-file.ts';
import type { DataFile } from './data-file.ts';
import { DataError, UsageError } from './errors.ts';
import type { DataFault, Place } from './errors.ts';
import type { LineRange } from './hash.ts';

/** Where a document says it, with the hash of the lines named by `lines` and `also`. */
export interface ClaimSource extends SourceRef {
  readonly sha256: string;
}

/** One promise of a document. */
export interface Claim {
  /** `<environment>.<topic>.<slug>`. */
  readonly id: string;
  /** The middle part of the id. */
  readonly topic: string;
  readonly statement: string;
  readonly source: ClaimSource;
  readonly level: ClaimLevel;
  readonly kind: ClaimKind;
  /** `plus`: only NGINX Plus can keep it. */
  readonly needs?: 'plus';
  /** Claims that cannot hold together with this one. */
  readonly conflictsWith: readonly string[];
  /** The documented numbers and names; read with `num`, `str` and their like. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly check: string;
  readonly directives: readonly string[];
  /** Where the claim stands in its file. */
  readonly at: Place;
}

/** What is kept of a document that itself stays outside. */
export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  readonly lines: number;
  readonly sha256: string;
}

/** All claims of one environment. */
export interface Ledger {
  readonly environment: string;
  /** Folder of the environment. */
  readonly dir: string;
  readonly document: DocumentInfo;
  readonly sections: Readonly<Record<string, { readonly lines: LineRange; readonly sha256: string }>>;
  readonly claims: readonly Claim[];
}

/** Folder of all environments. */
export const ENVIRONMENTS = join(import.meta.dirname, '..');

const SCHEMA = join(import.meta.dirname, 'claims.schema.json');

interface ClaimsFile {
  readonly document: DocumentInfo;
  readonly sections: Ledger['sections'];
  readonly claims: readonly (Omit<Claim, 'topic' | 'conflictsWith' | 'at'> & {
    readonly conflictsWith?: readonly string[];
  })[];
}

/** Names of all environments: folders that hold a `claims.yaml`, in alphabetical order. */
export function listEnvironments(root = ENVIRONMENTS): readonly string[] {
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'claims.yaml')))
    .map((entry) => entry.name)
    .sort();
}

/**
 * Returns the name of an environment that exists.
 *
 * @throws {UsageError} that lists the environments, and the one that was probably meant
 */
export function requireEnvironment(name: string, root = ENVIRONMENTS): string {
  const known = listEnvironments(root);
  if (known.includes(name)) return name;
  const near = closest(name, known);
  throw new UsageError(
    `There is no environment '${name}'.`,
    `${near === undefined ? '' : `Did you mean '${near}'? `}Environments: ${known.join(', ')}.`,
  );
}

/**
 * Loads and checks the claims of an environment.
 *
 * @throws {UsageError} when there is no such environment
 * @throws {DataError} with file, line and remedy of everything that is wrong in its claims
 */
export function loadLedger(environment: string, root = ENVIRONMENTS): Ledger {
  requireEnvironment(environment, root);
  const dir = join(root, environment);
  return toLedger(environment, dir, readDataFile<ClaimsFile>(join(dir, 'claims.yaml'), SCHEMA));
}

/** As `loadLedger`, from the text of a claims file. */
export function parseLedger(environment: string, text: string): Ledger {
  const dir = join(ENVIRONMENTS, environment);
  return toLedger(environment, dir, parseData<ClaimsFile>(text, shownPath(join(dir, 'claims.yaml')), SCHEMA));
}

function toLedger(environment: string, dir: string, file: DataFile<ClaimsFile>): Ledger {
  const { document, sections } = file.data;
  const claims = file.data.claims.map((claim, index) => ({
    ...claim,
    topic: claim.id.split('.')[1]!,
    conflictsWith: claim.conflictsWith ?? [],
    at: file.place(['claims', index, 'id']),
  }));
  const ledger = { environment, dir, document, sections, claims };
  const faults = claims.flatMap((_, index) => faultsOf(ledger, index, file));
  if (faults.length > 0) throw new DataError(faults);
  return ledger;
}

/** What a schema cannot say: ids, sections, lines and conflicts that do not fit together. */
function faultsOf(ledger: Ledger, index: number, file: DataFile<ClaimsFile>): DataFault[] {
  const claim = ledger.claims[index]!;
  const faults: DataFault[] = [];
  const fault = (path: readonly (string | number)[], expected: string, seen: string, remedy: string): void => {
    faults.push({ place: file.place(['claims', index, ...path]), expected, seen, remedy });
  };
  if (!claim.id.startsWith(`${ledger.environment}.`)) {
    fault(
      ['id'],
      `an id that begins with '${ledger.environment}.'`,
      `'${claim.id}'`,
      'Begin the id with the environment.',
    );
  }
  const first = ledger.claims.findIndex(({ id }) => id === claim.id);
  if (first < index) {
    fault(
      ['id'],
      'ids that occur once',
      `'${claim.id}' again`,
      `The first one is in line ${ledger.claims[first]!.at.line}.`,
    );
  }
  if (!(claim.source.section in ledger.sections)) {
    const near = closest(claim.source.section, Object.keys(ledger.sections));
    const remedy = near === undefined ? 'Name a key of sections.' : `Did you mean '${near}'?`;
    fault(['source', 'section'], "a section listed under 'sections'", `'${claim.source.section}'`, remedy);
  }
  for (const [from, to] of [claim.source.lines, ...(claim.source.also ?? [])]) {
    if (from <= to && to <= ledger.document.lines) continue;
    const limit = `1 ≤ first ≤ last ≤ ${ledger.document.lines}`;
    fault(['source', 'lines'], `lines with ${limit}`, `[${from}, ${to}]`, 'Write the lines of the document.');
  }
  for (const other of claim.conflictsWith) {
    const found = ledger.claims.find(({ id }) => id === other);
    if (found?.conflictsWith.includes(claim.id) && other !== claim.id) continue;
    const seen = found === undefined ? 'no such claim' : `${other} does not name this claim`;
    fault(
      ['conflictsWith'],
      `'${other}' to exist and to name this claim too`,
      seen,
      'Conflicts are mutual: name both.',
    );
  }
  return faults;
}
