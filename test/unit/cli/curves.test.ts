import { describe, expect, test } from 'vitest';
import { Curves, thinned } from '../../../cli/run/curves.ts';
import { internalsOf } from '../../../cli/run/node-internals.ts';

const read = (...totals: number[]) =>
  new Curves(
    totals.map((total, second) => ({ at_ms: 5_000 + second * 2_000, total })),
    5_000,
  );
const total = (reading: { total: number }): number => reading.total;

describe('curves', () => {
  test('a level is what each reading says, a rate how fast a total grew until it', () => {
    expect(read(10, 30).level(total)).toEqual([
      [0, 10],
      [2, 30],
    ]);
    expect(read(10, 30, 31).rate(total)).toEqual([
      [2, 10],
      [4, 0.5],
    ]);
  });

  test('what was read before the load began is left out, but tells the first rate', () => {
    const readings = [0, 10, 40].map((value, second) => ({ at_ms: 5_000 + second * 2_000, total: value }));
    const late = new Curves(readings, 6_000);
    expect(late.level(total)).toEqual([
      [1, 10],
      [3, 40],
    ]);
    expect(late.rate(total)).toEqual([
      [1, 5],
      [3, 15],
    ]);
  });

  test('a total that fell began anew: no rate, and none below zero', () => {
    expect(read(10, 30, 4, 8).rate(total)).toEqual([
      [2, 10],
      [6, 2],
    ]);
  });

  test('what stays the same keeps its first and its last point', () => {
    const curve = [0, 0, 0, 7, 0, 0, 0, 0].map((value, second) => [second, value] as const);
    expect(thinned(curve)).toEqual([
      [0, 0],
      [2, 0],
      [3, 7],
      [4, 0],
      [7, 0],
    ]);
    expect(thinned([[1, 1]])).toEqual([[1, 1]]);
  });
});

test('what Prometheus scraped belongs to the container that it scraped, on the clock of the load', () => {
  const series = (name: string, instance: string, value: string) => ({
    metric: { __name__: name, instance },
    values: [[1_000_010.04, value]] as const,
  });
  const internals = internalsOf(
    [
      series('nodejs_eventloop_lag_p99_seconds', 'customer-1:3001', '0.0123'),
      series('nodejs_heap_size_used_bytes', 'customer-1:3001', String(32 * 2 ** 20)),
      series('nodejs_heap_size_used_bytes', 'admin-1:3000', String(2 ** 20)),
    ],
    1_000_000_000,
  );
  expect(internals.get('customer-1')).toEqual({ loop_delay_ms_p99: [[10, 12.3]], heap_mib: [[10, 32]] });
  expect(internals.get('admin-1')).toEqual({ loop_delay_ms_p99: [], heap_mib: [[10, 1]] });
});
