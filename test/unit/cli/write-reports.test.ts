import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reportRun, writeReports } from '../../../cli/run/write-reports.ts';
import type { JournalEvent } from '../../../reports/record/events.ts';
import type { ClaimResult, RunRecord } from '../../../reports/record/types.ts';

let dir: string;

const AT = '2026-03-01T10:00:00.000Z';
const START: JournalEvent = {
  event: 'run-started',
  at: AT,
  variants: ['documented'],
  planned: ['demo.a.one', 'demo.a.two'],
  outside: [],
  run: {
    id: '20260301t100000-1',
    startedAt: AT,
    environment: 'demo',
    document: { title: 'Guide' },
    profile: 'smoke',
    seed: 1,
    revision: 'abc',
    command: './gateproof verify demo',
    selection: null,
    host: { cores: 2, memory_gib: 8, kernel: '6', docker: '20', cgroup: 'v2', arch: 'x64', pinning: 'none' },
    versions: {},
    images: [],
  },
};

function claim(id: string, verdict: ClaimResult['verdict']): JournalEvent {
  return {
    event: 'claim',
    at: AT,
    variant: 'documented',
    claim: {
      id,
      statement: id,
      level: 'must',
      kind: 'conformance',
      topic: 'a',
      source: { section: 'A', lines: [1, 2] },
      verdict,
      expected: '200',
      observed: '200',
      evidence: [],
      duration_ms: 1,
      reproduce: './gateproof verify demo',
    },
  };
}

function journal(events: readonly JournalEvent[], tail = ''): void {
  writeFileSync(join(dir, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join('') + tail);
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gateproof-'));
});

afterEach(() => rmSync(dir, { recursive: true }));

test('a finished run gets a record and every report', async () => {
  const end: JournalEvent = { event: 'run-finished', at: AT, interrupted: false };
  journal([START, claim('demo.a.one', 'conforms'), claim('demo.a.two', 'conforms'), end]);
  const record = await writeReports(dir);
  expect(record.run.partial).toBe(false);
  expect(record.summary.gate.exitCode).toBe(0);
  for (const name of ['record.json', 'report.html', 'junit.xml', 'results.sarif', 'summary.txt', 'summary.png']) {
    expect(existsSync(join(dir, name)), name).toBe(true);
  }
  expect(record.files.map(({ name }) => name)).toEqual(expect.arrayContaining(['events.ndjson', 'junit.xml']));
  expect(JSON.parse(readFileSync(join(dir, 'record.json'), 'utf8'))).toEqual(record);
});

test("a killed run's journal gives a report that says it is partial", async () => {
  journal([START, claim('demo.a.one', 'conforms')], '{"event":"claim","at":"2026');
  const record = await reportRun(dir);
  expect(record.run.partial).toBe(true);
  expect(record.summary.gate.exitCode).toBe(2);
  expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('partial');
});

test('a record is enough to make the reports again', async () => {
  journal([START, claim('demo.a.one', 'deviates')]);
  const record = await writeReports(dir);
  rmSync(join(dir, 'events.ndjson'));
  rmSync(join(dir, 'report.html'));
  const again: RunRecord = await reportRun(dir);
  expect(again.summary).toEqual(record.summary);
  expect(existsSync(join(dir, 'report.html'))).toBe(true);
});

test('a journal without a beginning is no run', async () => {
  journal([claim('demo.a.one', 'conforms')]);
  await expect(reportRun(dir)).rejects.toMatchObject({ exitCode: 64 });
});
