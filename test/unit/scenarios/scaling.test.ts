import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../../measurement/random.ts';
import { scalingOf } from '../../../scenarios/capacity/scaling.ts';
import type { ScaledCapacity } from '../../../scenarios/capacity/scaling.ts';

const PROCESSOR = 'processor time of the system: at 440/s the gateway used 0.73 of 1 cores';

const found = (
  replicas: number,
  lower_perS: number | null,
  upper_perS: number | null,
  ranOut = PROCESSOR,
): ScaledCapacity => ({ replicas, lower_perS, upper_perS, ranOut });

const says = (...searched: ScaledCapacity[]): ReturnType<typeof scalingOf> => scalingOf(searched, seededRandom(1));

describe('searches with different numbers of instances', () => {
  test('that differ give a law with its peak', () => {
    const { shows, law, statement, points } = says(
      found(1, 98, 102),
      found(2, 178, 186),
      found(3, 225, 235),
      found(4, 240, 255),
      found(6, 225, 240),
    );
    expect(shows).toBe('law');
    expect(points.map(({ replicas }) => replicas)).toEqual([1, 2, 3, 4, 6]);
    expect(law?.lambda_perS.value).toBeGreaterThan(90);
    expect(law?.lambda_perS.value).toBeLessThan(110);
    expect(law?.peak_replicas.value).toBeGreaterThan(3);
    expect(law?.peak_replicas.value).toBeLessThan(6);
    expect(statement).toMatch(/^λ [\d.]+\/s .*most with [\d.]+ \(.*\) instances, \d+\/s/);
    expect(statement).not.toContain('predicts nothing');
  });

  test('linear growth has no peak', () => {
    const { law, statement } = says(found(1, 99, 101), found(2, 198, 202), found(3, 297, 303), found(4, 396, 404));
    expect(law?.peak_replicas.value).toBeNull();
    expect(statement).toContain('no peak (up to ∞');
  });

  test('fewer than four different numbers describe and predict nothing, however often they were measured', () => {
    const { shows, statement } = says(found(1, 90, 100), found(2, 170, 190), found(4, 300, 330), found(1, 92, 101));
    expect(shows).toBe('law');
    expect(statement).toContain('Fewer than 4 different numbers');
  });

  test('that overlap and exclude linear growth show that replicas made no difference, and what ran out', () => {
    const { shows, law, statement } = says(found(1, 400, 440), found(2, 410, 450), found(4, 390, 432));
    expect(shows).toBe('no difference');
    expect(law).toBeUndefined();
    expect(statement).toMatch(/^Replicas made no difference that could be told/);
    expect(statement).toContain(
      'the intervals of N = 1, 2, 4 overlap, and from 1 to 4 the rate may have grown 1.08 times at most (linear: 4)',
    );
    expect(statement).toContain('processor time of the system ran out with each of them');
  });

  test('what ran out is not blamed on the processor when it was something else once', () => {
    const { statement } = says(found(1, 400, 440), found(2, 410, 450, 'no processor: at 450/s'));
    expect(statement).not.toContain('processor time');
  });

  test('that overlap only because they are wide show nothing', () => {
    const { shows, law, statement } = says(found(1, 100, 300), found(2, 200, 400));
    expect(shows).toBe('nothing');
    expect(law).toBeUndefined();
    expect(statement).toContain('too wide');
  });

  test('without both ends are left out, and named', () => {
    const { shows, statement } = says(found(1, 90, 100), found(2, 170, 190), found(3, 300, null), found(4, null, 400));
    expect(shows).toBe('law');
    expect(statement).toContain('N = 3, 4');
    expect(says(found(1, 90, 100), found(2, 170, null))).toMatchObject({ shows: 'nothing' });
  });

  test('that collapse fit no law', () => {
    const { shows, statement } = says(found(2, 290, 310), found(3, 95, 105), found(4, 9, 11));
    expect(shows).toBe('nothing');
    expect(statement).toContain('falls so steeply');
  });
});
