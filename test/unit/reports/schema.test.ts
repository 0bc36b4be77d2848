import { readFileSync } from 'node:fs';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { deriveRecord } from '../../../reports/record/derive.ts';
import { inventedScenario } from './fixture-loads.ts';
import { content, emptyRecord, fullRecord, journalOf, partialRecord } from './fixtures.ts';
import type { RunRecord, ScenarioResult } from '../../../reports/record/types.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../reports/record/run.schema.json', import.meta.url), 'utf8'),
) as object;
const ajv = new Ajv2020({ allErrors: true, strictTuples: false, allowUnionTypes: true });
addFormats.default(ajv);
const validate = ajv.compile(schema);

/** Errors of the schema for a record, after a round through JSON as on disk. */
function errors(record: unknown): readonly string[] {
  validate(JSON.parse(JSON.stringify(record)));
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}

/** All property names that a schema declares. */
function declared(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found;
  if ('properties' in node && typeof node.properties === 'object' && node.properties !== null)
    for (const name of Object.keys(node.properties)) found.add(name);
  for (const child of Object.values(node)) declared(child, found);
  return found;
}

/** All keys of a value. */
function used(node: unknown, found = new Set<string>()): ReadonlySet<string> {
  if (typeof node !== 'object' || node === null) return found;
  if (!Array.isArray(node)) for (const name of Object.keys(node)) found.add(name);
  for (const child of Object.values(node)) used(child, found);
  return found;
}

describe('run.schema.json', () => {
  test.each([
    ['full', fullRecord()],
    ['partial', partialRecord()],
    ['empty', emptyRecord()],
    ['derived', deriveRecord(journalOf(fullRecord()), { judge: content })],
  ])('accepts the %s record', (_name, record) => {
    expect(errors(record)).toEqual([]);
  });

  test('names nothing that the types, by way of the full fixtures, do not have', () => {
    // partialReason, invalidReason and latencyFrom are the only fields that exclude the others' fixture.
    const sent: ScenarioResult = { ...inventedScenario(), latencyFrom: 'send' };
    const names = new Set([...used(fullRecord()), ...used(partialRecord()), ...used(sent)]);
    // An experiment and a scenario with a reason, and a remedy told by a claim itself, share these names with others.
    expect([...declared(schema)].filter((name) => !names.has(name) && name !== 'remedy')).toEqual([]);
  });

  const full = fullRecord();
  const wrong: readonly (readonly [string, unknown])[] = [
    ['another schema', { ...full, schema: 'gateproof.run/2' }],
    ['an unknown field', { ...full, mood: 'good' }],
    ['an unknown verdict', change(full, { verdict: 'passed' as never })],
    ['a variant without claims', { ...full, variants: [{ name: 'documented' }] }],
    ['unknown evidence', change(full, { evidence: [{ kind: 'rumour', title: 'x' } as never] })],
    ['a negative duration', change(full, { duration_ms: -1 })],
    ['no gate', { ...full, summary: { byVariant: {} } }],
    ['exit code 64', { ...full, summary: { ...full.summary, gate: { ...full.summary.gate, exitCode: 64 } } }],
    ['a start that is no time', { ...full, run: { ...full.run, startedAt: 'yesterday' } }],
  ];
  test.each(wrong)('refuses %s', (_name, record) => {
    expect(errors(record)).not.toEqual([]);
  });
});

function change(record: RunRecord, claim: Partial<RunRecord['variants'][number]['claims'][number]>): unknown {
  const [variant] = record.variants;
  if (variant === undefined) throw new Error('no variant');
  return { ...record, variants: [{ ...variant, claims: variant.claims.map((own) => ({ ...own, ...claim })) }] };
}
