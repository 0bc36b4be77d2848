import { expect, test } from 'vitest';
import type { ContainerResources, Curve } from '../../../reports/record/types.ts';
import { renderHtml } from '../../../reports/render/html.ts';
import { coreStrips, insideStrips, insideTable } from '../../../reports/render/page/load-inside.ts';
import { fullRecord } from './fixtures.ts';

const resource = (container: string, rest: Partial<ContainerResources>): ContainerResources => ({
  container,
  role: 'sut',
  cpu_cores: [[1, 0.25]],
  memory_mib: [[1, 50]],
  ...rest,
});

test('of each figure the container of the system under test is drawn that has most of it', () => {
  const strips = insideStrips([
    resource('customer-1', { sent_kibPerS: [[1, 20]], descriptors: [[1, 90]] }),
    resource('customer-2', { sent_kibPerS: [[1, 30]] }),
    resource('generator', { role: 'instrument', sent_kibPerS: [[1, 900]] }),
  ]);
  expect(strips).toEqual([
    { label: 'out KiB/s, customer-2', points: [[1, 30]] },
    { label: 'open files, customer-1', points: [[1, 90]] },
  ]);
});

test('the table has every container, and only columns that somebody filled', () => {
  const { text } = insideTable([
    resource('customer-1', { sent_kibPerS: [[1, 20]] }),
    resource('generator', { role: 'instrument', descriptors: [[1, 90]] }),
  ]);
  const cells = [...text.matchAll(/<t[hd](?: [^>]*)?>([^<]*)</g)].map(([, cell]) => cell);
  expect(cells).toEqual([
    ...['Container', 'CPU, cores', 'memory MiB', 'out KiB/s', 'open files'],
    ...['customer-1', '0.25', '50', '20', ''],
    ...['generator', '0.25', '50', '', '90'],
  ]);
});

test('all work on the cores of a side is drawn against their number, and leads the table', () => {
  const cores = [{ side: 'system', cores: [0, 1], busy_cores: [[1, 1.9]], interrupts_cores: [[1, 0.4]] }] as const;
  expect(coreStrips(cores)).toEqual([{ label: 'cores of the system', count: 2, points: [[1, 1.9]] }]);
  const { text } = insideTable([resource('customer-1', {})], cores);
  expect(text.indexOf('cores of the system, all work')).toBeGreaterThan(0);
  expect(text.indexOf('cores of the system, all work')).toBeLessThan(text.indexOf('customer-1'));
  expect(text).toContain('>1.9<');
});

test('an hour of everything that is read each second stays below 3 MB', () => {
  const noise = (height: number): Curve =>
    Array.from({ length: 3_600 }, (_, second) => [second, Math.round(height * (1 + ((second * 7919) % 97)))] as const);
  const container = (name: string): ContainerResources => ({
    ...resource(name, { cpu_cores: noise(0.4), memory_mib: noise(2), descriptors: noise(3) }),
    received_kibPerS: noise(11),
    sent_kibPerS: noise(17),
    node: { loop_delay_ms_p99: noise(1), heap_mib: noise(1) },
  });
  const nginx = {
    ...{ active: noise(9), reading: noise(1), writing: noise(3), waiting: noise(6) },
    ...{ accepted_perS: noise(1), handled_perS: noise(1), requests_perS: noise(20) },
  };
  const resources = [
    { ...container('gateway-1'), nginx },
    ...Array.from({ length: 15 }, (_, n) => container(`customer-${String(n + 1)}`)),
  ];
  const record = fullRecord();
  const variants = record.variants.map((variant) => ({
    ...variant,
    scenarios: variant.scenarios.map((scenario) => ({ ...scenario, resources })),
  }));
  const page = renderHtml({ ...record, variants });
  expect(page).toContain('requests/s, gateway-1');
  expect(page.length).toBeLessThan(3_000_000);
});
