/**
 * Reads a YAML data file against a JSON Schema. Every fault comes back with its
 * line and column, what was expected, what was seen and how to mend it.
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import { DataError } from './errors.ts';
import type { DataFault, Place } from './errors.ts';
import { closest } from './closest.ts';

/** Steps from the root of a data file to a value. */
export type DataPath = readonly (string | number)[];

/** A data file that its schema accepts. */
export interface DataFile<T> {
  readonly data: T;
  /** Where a value stands; of a missing one, where its nearest parent stands. */
  place(path: DataPath): Place;
}

const PROJECT_ROOT = join(import.meta.dirname, '../..');
/** So many faults are listed; one broken indentation can cause hundreds. */
const FAULTS_AT_MOST = 20;

// verbose: errors carry the value that was seen.
const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true });
formats.default(ajv);
const compiled = new Map<string, ValidateFunction>();

/** A path as messages show it: within the project relative to its root, wherever the command was started. */
export function shownPath(path: string): string {
  const inside = relative(PROJECT_ROOT, path);
  return inside.startsWith('..') || isAbsolute(inside) ? path : inside;
}

/**
 * Reads and validates a data file.
 *
 * @param schemaPath file of the JSON Schema (draft-07) that belongs to it; the caller answers for `T` being its type
 * @throws {DataError} with every fault that was found
 * @throws {Error} of the file system when the file cannot be read
 */
export function readDataFile<T>(path: string, schemaPath: string): DataFile<T> {
  return parseData<T>(readFileSync(path, 'utf8'), shownPath(path), schemaPath);
}

/** As `readDataFile`, for a text that has been read already; `file` is the name for messages. */
export function parseData<T>(text: string, file: string, schemaPath: string): DataFile<T> {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const place = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    throw new DataError(
      document.errors.slice(0, FAULTS_AT_MOST).map(({ message, pos }) => ({
        place: place(pos[0]),
        expected: 'YAML that parses',
        seen: `a fault: ${message}`,
        remedy: 'Look at the indentation, quotes and brackets of this line and the one before.',
      })),
    );
  }
  const find = (steps: DataPath): Place => place(offsetOf(document, steps));
  const data: unknown = document.toJS();
  const validate = validator(schemaPath);
  if (!validate(data)) {
    const faults = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
    throw new DataError(faults.slice(0, FAULTS_AT_MOST).map((error) => faultOf(error, document, place)));
  }
  return { data: data as T, place: find };
}

function validator(schemaPath: string): ValidateFunction {
  let validate = compiled.get(schemaPath);
  if (validate === undefined) {
    validate = ajv.compile(JSON.parse(readFileSync(schemaPath, 'utf8')) as object);
    compiled.set(schemaPath, validate);
  }
  return validate;
}

/** Character offset of a value: of its key when it has one, so that the place names what a reader looks for. */
function offsetOf(document: Document, steps: DataPath): number {
  for (let length = steps.length; length > 0; length -= 1) {
    const path = steps.slice(0, length);
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && isNode(item.key) && String(item.key) === String(path.at(-1)),
      );
      if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0] ?? 0;
    }
    const node = document.getIn(path, true);
    if (isNode(node)) return node.range?.[0] ?? 0;
  }
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0;
}

function faultOf(error: ErrorObject, document: Document, place: (offset: number) => Place): DataFault {
  const steps = stepsOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const unknown = params['additionalProperty'];
  const at = place(offsetOf(document, typeof unknown === 'string' ? [...steps, unknown] : steps));
  const name = steps.length === 0 ? 'the file' : `'${steps.join('.')}'`;
  switch (error.keyword) {
    case 'required':
      return {
        place: at,
        expected: `${name} to have '${String(params['missingProperty'])}'`,
        seen: `only ${Object.keys(error.data as object).join(', ') || 'nothing'}`,
        remedy: `Add '${String(params['missingProperty'])}'.`,
      };
    case 'additionalProperties': {
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
      const near = closest(String(unknown), known);
      return {
        place: at,
        expected: `only ${known.join(', ')} in ${name}`,
        seen: `'${String(unknown)}'`,
        remedy: near === undefined ? 'Remove it.' : `Did you mean '${near}'?`,
      };
    }
    case 'enum': {
      const allowed = (params['allowedValues'] as unknown[]).map(String);
      const near = closest(String(error.data), allowed);
      return {
        place: at,
        expected: `${name} to be one of ${allowed.join(', ')}`,
        seen: shown(error.data),
        remedy: near === undefined ? 'Choose one of them.' : `Did you mean '${near}'?`,
      };
    }
    case 'type':
      return {
        place: at,
        expected: `${name} to be ${String(params['type'])}`,
        seen: shown(error.data),
        remedy: `Write ${String(params['type'])} here; quote a text that looks like something else.`,
      };
    default: {
      const help = (error.parentSchema as { description?: string } | undefined)?.description;
      return {
        place: at,
        expected: `${name} ${error.message ?? `to satisfy ${error.keyword}`}`.replace(' must ', ' to '),
        seen: shown(error.data),
        remedy: help ?? 'Correct the value.',
      };
    }
  }
}

/** JSON pointer → steps; list positions become numbers. */
function stepsOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
