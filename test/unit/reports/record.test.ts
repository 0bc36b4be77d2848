import { describe, expect, test } from 'vitest';
import { count, deriveRecord } from '../../../reports/record/derive.ts';
import { parseJournal } from '../../../reports/record/journal.ts';
import { mergeVerdicts, SEVERITY } from '../../../reports/record/merge.ts';
import { content, fullRecord, gate, journalOf } from './fixtures.ts';
import type { JournalEvent } from '../../../reports/record/events.ts';

const full = fullRecord();
const events = journalOf(full);
const lines = (all: readonly JournalEvent[]): string => all.map((event) => `${JSON.stringify(event)}\n`).join('');

describe('merging verdicts', () => {
  test('the gravest wins, whatever the order', () => {
    for (const [index, graver] of SEVERITY.entries()) {
      for (const milder of SEVERITY.slice(index)) {
        expect(mergeVerdicts([graver, milder])).toBe(graver);
        expect(mergeVerdicts([milder, graver])).toBe(graver);
      }
    }
  });

  test('not-applicable counts only when there is nothing else, and nothing is not-run', () => {
    expect(mergeVerdicts(['not-applicable', 'conforms'])).toBe('conforms');
    expect(mergeVerdicts(['not-applicable', 'not-applicable'])).toBe('not-applicable');
    expect(mergeVerdicts([])).toBe('not-run');
  });
});

describe('reading a journal', () => {
  test('a whole journal', () => {
    const journal = parseJournal(lines(events));
    expect(journal.broken).toBeNull();
    expect(journal.events).toEqual(events);
  });

  test('one cut last line is reported and left out', () => {
    const text = lines(events.slice(0, 20));
    const journal = parseJournal(text.slice(0, -40));
    expect(journal.events).toHaveLength(19);
    expect(journal.broken?.line).toBe(20);
  });

  test('a broken line with others after it means a damaged file', () => {
    expect(() => parseJournal(`{"event":\n${lines(events.slice(0, 2))}`)).toThrow(/line 1 .*damaged/);
  });

  test('a line that is no event names its place', () => {
    expect(() => parseJournal(`${lines(events.slice(0, 1))}{"event":"party"}\n`)).toThrow(/line 2 /);
  });

  test('an empty journal has no events', () => {
    expect(parseJournal('')).toEqual({ events: [], broken: null });
  });
});

describe('deriving a record', () => {
  test('a complete journal gives the record back', () => {
    const record = deriveRecord(events, {
      judge: content,
      files: full.files,
      ...(full.history && { history: full.history }),
    });
    expect(record.run.partial).toBe(false);
    expect(record.run.partialReason).toBeUndefined();
    expect(record.variants.map((variant) => variant.claims.map((claim) => claim.id))).toEqual(
      full.variants.map((variant) => variant.claims.map((claim) => claim.id)),
    );
    expect(record.summary.byVariant).toEqual(full.summary.byVariant);
    expect(record.variants[0]?.experiments).toEqual(full.variants[0]?.experiments);
    expect(record.calibration).toEqual(full.calibration);
    expect(record.notes).toEqual(full.notes);
    expect(record.files).toEqual(full.files);
  });

  test('the journal of a killed run gives a partial record that names what it lacks', () => {
    const until = events.findIndex((event) => event.event === 'claim') + 10;
    const record = deriveRecord(events.slice(0, until), { judge: content, broken: { line: until + 1 } });
    const planned = full.variants[0]?.claims.length ?? 0;
    expect(record.run.partial).toBe(true);
    expect(record.run.finishedAt).toBeNull();
    expect(record.run.partialReason).toContain('killed');
    expect(record.run.partialReason).toContain(`Line ${until + 1} `);
    expect(record.run.partialReason).toContain(`${planned - 10} of ${planned} planned claims not run in documented`);
    expect(record.summary.byVariant['documented']?.notRun).toBe(planned - 10);
    expect(record.summary.byVariant['hardened']?.notRun).toBe(planned);
    expect(record.variants[1]?.claims[0]?.reproduce).toContain('--variant hardened --seed 20261121');
  });

  test('an interrupted run says why', () => {
    const stopped = events.map((event) =>
      event.event === 'run-finished' ? { ...event, interrupted: true, reason: 'Stopped by SIGINT.' } : event,
    );
    expect(deriveRecord(stopped, { judge: content }).run.partialReason).toBe('Stopped by SIGINT.');
  });

  test('one missing planned claim is enough to be partial', () => {
    const dropped = events.filter((event) => !(event.event === 'claim' && event.claim.id.endsWith('request-id-uuid')));
    const record = deriveRecord(dropped, { judge: content });
    expect(record.run.partialReason).toMatch(/^1 of \d+ planned claims not run in documented\. 1 of /);
  });

  test('the catalogue names what was not reached', () => {
    const [first] = events;
    if (first?.event !== 'run-started') throw new Error('no start');
    const claim = full.variants[0]?.claims[0];
    if (claim === undefined) throw new Error('no claim');
    const { id, statement, level, kind, topic, source } = claim;
    const record = deriveRecord([{ ...first, catalogue: [{ id, statement, level, kind, topic, source }] }], {
      judge: content,
    });
    expect(record.variants[0]?.claims[0]).toMatchObject({ statement, level, verdict: 'not-run' });
  });

  test('a claim measured twice: the gravest counts, all evidence stays, a note says so', () => {
    const claim = full.variants[0]?.claims.find((own) => own.verdict === 'conforms');
    if (claim === undefined) throw new Error('no claim');
    const again: JournalEvent = {
      event: 'claim',
      at: full.run.startedAt,
      variant: 'documented',
      claim: {
        ...claim,
        verdict: 'inconclusive',
        reason: 'The generator was late.',
        evidence: [{ kind: 'log', title: 'again', lines: [] }],
      },
    };
    const record = deriveRecord([...events.slice(0, -1), again, ...events.slice(-1)], { judge: content });
    const merged = record.variants[0]?.claims.find((own) => own.id === claim.id);
    expect(merged?.verdict).toBe('inconclusive');
    expect(merged?.reason).toBe(
      'The generator was late. Measured more than once (conforms, inconclusive); the gravest verdict counts.',
    );
    expect(merged?.evidence).toHaveLength(claim.evidence.length + 1);
    expect(record.notes?.at(-1)?.text).toContain('measured twice in documented: conforms and inconclusive');
    expect(record.summary.byVariant['documented']?.total).toBe(full.summary.byVariant['documented']?.total);
  });

  test('a claim that only an experiment or a scenario verifies gets its result from there', () => {
    const id = 'production-gateway.failover.outside-1';
    const changed = events.map((event): JournalEvent => {
      if (event.event === 'experiment') return { ...event, experiment: { ...event.experiment, verifies: [id] } };
      if (event.event !== 'scenario') return event;
      const promises = event.scenario.promises.map((promise) => ({
        ...promise,
        claim: 'production-gateway.latency.sla',
        percentile: 99,
      }));
      return { ...event, scenario: { ...event.scenario, promises: promises.slice(-1) } };
    });
    const record = deriveRecord(changed, { judge: content });
    const found = record.variants[0]?.claims.find((claim) => claim.id === id);
    expect(found).toMatchObject({
      verdict: 'deviates',
      kind: 'chaos',
      expected: 'an outage of at most 1 s',
      statement: full.outside[0]?.statement,
    });
    expect(found?.evidence[0]?.kind).toBe('table');
    expect(record.outside.some((entry) => entry.id === id)).toBe(false);
    const latency = record.variants[1]?.claims.find((claim) => claim.id === 'production-gateway.latency.sla');
    expect(latency).toMatchObject({
      verdict: 'conforms',
      expected: 'P99 below 1500 ms',
      observed: '688 ms (640 to open ms)',
    });
  });

  test('what the judge knows fills gaps and overwrites nothing', () => {
    const [isolation, refusal] = full.variants[0]?.claims ?? [];
    const record = deriveRecord(events, {
      judge: () => ({
        gate: gate({ exitCode: 1 }),
        claims: {
          documented: {
            [isolation?.id ?? '']: { disposition: 'new', reason: 'another mechanism' },
            [refusal?.id ?? '']: { disposition: 'waived', remedy: 'set it once' },
          },
        },
      }),
    });
    const [first, second] = record.variants[0]?.claims ?? [];
    expect(record.summary.gate.exitCode).toBe(1);
    expect(first).toMatchObject({
      disposition: 'new',
      reason: isolation?.reason,
      remedy: 'Only requests without credentials are cached.',
    });
    expect(second).toMatchObject({ disposition: 'waived', remedy: 'set it once' });
  });

  test('the judge sees the whole record without a gate', () => {
    deriveRecord(events, {
      judge: (record) => {
        expect(record.summary).not.toHaveProperty('gate');
        expect(record.summary.byVariant['documented']).toEqual(count(full.variants[0]?.claims ?? []));
        return { gate: gate(), claims: {} };
      },
    });
  });

  test('a journal without a beginning cannot be told', () => {
    expect(() => deriveRecord(events.slice(1), { judge: content })).toThrow('run-started');
  });
});
