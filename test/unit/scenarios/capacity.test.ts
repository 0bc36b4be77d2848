import { describe, expect, test } from 'vitest';
import { ClusteredHistogram } from '../../../measurement/clustered-histogram.ts';
import { seededRandom } from '../../../measurement/random.ts';
import {
  judgeStep,
  objectiveInWords,
  parseObjective,
  writtenObjective,
} from '../../../scenarios/capacity/objective.ts';
import { searchCapacity } from '../../../scenarios/capacity/search.ts';
import type { SearchOptions, StepVerdict } from '../../../scenarios/capacity/search.ts';
import type { LoadMeasurement } from '../../../scenarios/engines/engine.ts';

const OPTIONS: SearchOptions = {
  start_perS: 50,
  rate_min_perS: 1,
  growth: 2,
  width: 1.05,
  steps_max: 40,
  rate_max_perS: 100_000,
  confirmations: 2,
};

/** A system that carries exactly so much. */
const carries =
  (truth_perS: number) =>
  async (rate_perS: number): Promise<StepVerdict> =>
    Promise.resolve(rate_perS <= truth_perS ? 'holds' : 'breaks');

describe('the search', () => {
  test.each([7, 49, 50, 51, 333, 1_000, 26_214])('encloses a capacity of %i within 5 %%', async (truth) => {
    const { lower_perS, upper_perS, ended } = await searchCapacity(carries(truth), OPTIONS);
    expect(lower_perS).toBeLessThanOrEqual(truth);
    expect(upper_perS).toBeGreaterThan(truth);
    // Below twenty requests a second the next whole rate is further away than that.
    if (truth > 20) expect((upper_perS ?? 0) / (lower_perS ?? 1)).toBeLessThanOrEqual(1.05);
    else expect([lower_perS, upper_perS]).toEqual([truth, truth + 1]);
    expect(ended).toBe(truth > 20 ? 'narrow enough' : 'as narrow as whole rates allow');
  });

  test('sees both ends more than once', async () => {
    const { lower_perS, upper_perS, steps } = await searchCapacity(carries(400), OPTIONS);
    for (const end of [lower_perS, upper_perS])
      expect(steps.filter(({ rate_perS }) => rate_perS === end).length).toBeGreaterThanOrEqual(2);
  });

  test('a rate that held by luck and then breaks is no lower end', async () => {
    const random = seededRandom(3);
    // Around the truth a step says either; far from it, the truth.
    const noisy = async (rate: number): Promise<StepVerdict> =>
      Promise.resolve(rate * (0.97 + 0.06 * random()) <= 500 ? 'holds' : 'breaks');
    const { lower_perS, upper_perS, steps } = await searchCapacity(noisy, OPTIONS);
    expect(lower_perS).toBeGreaterThan(400);
    expect(upper_perS).toBeLessThan(600);
    expect(steps.filter(({ rate_perS, verdict }) => rate_perS === lower_perS && verdict === 'breaks')).toEqual([]);
  });

  test('a rate that breaks once and then holds is no upper end', async () => {
    let stumbled = false;
    const measure = async (rate: number): Promise<StepVerdict> => {
      const stumbles = !stumbled && rate >= 200;
      stumbled ||= stumbles;
      return Promise.resolve(rate <= 700 && !stumbles ? 'holds' : 'breaks');
    };
    const { lower_perS, upper_perS, ended } = await searchCapacity(measure, { ...OPTIONS, steps_max: 40 });
    expect(lower_perS).toBeLessThanOrEqual(700);
    expect(lower_perS).toBeGreaterThan(650);
    expect(upper_perS).toBeGreaterThan(700);
    expect(ended).toBe('narrow enough');
  });

  test('ends never meet, however unclear the steps between are', async () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const random = seededRandom(seed);
      const measure = async (rate: number): Promise<StepVerdict> => {
        const disturbed = random() < 0.3;
        return Promise.resolve(disturbed ? 'unclear' : rate <= 310 ? 'holds' : 'breaks');
      };
      const { lower_perS, upper_perS } = await searchCapacity(measure, { ...OPTIONS, steps_max: 12 });
      expect(lower_perS ?? 0).toBeLessThan(upper_perS ?? Number.POSITIVE_INFINITY);
    }
  });

  test('a generator at its end leaves the upper end open', async () => {
    const measure = async (rate: number): Promise<StepVerdict> => Promise.resolve(rate > 900 ? 'invalid' : 'holds');
    const { lower_perS, upper_perS, ended } = await searchCapacity(measure, OPTIONS);
    expect(upper_perS).toBeNull();
    expect(lower_perS).toBeGreaterThan(850);
    expect(ended).toBe('generator at its end');
  });

  test('the highest rate of the addresses is said, not exceeded', async () => {
    const found = await searchCapacity(carries(1e9), { ...OPTIONS, rate_max_perS: 700 });
    expect(found).toMatchObject({ lower_perS: 700, upper_perS: null, ended: 'highest rate holds' });
  });

  test('unclear steps are asked again and do not count as held', async () => {
    let unclear = 0;
    const measure = async (rate: number): Promise<StepVerdict> => {
      if (rate < 300) return Promise.resolve('holds');
      if (rate > 330) return Promise.resolve('breaks');
      unclear += 1;
      return Promise.resolve('unclear');
    };
    const { lower_perS } = await searchCapacity(measure, OPTIONS);
    expect(lower_perS).toBeLessThan(300);
    expect(unclear % 2).toBe(0);
  });

  test('a rate that was disturbed is asked again, and the answer counts', async () => {
    let disturbed = 0;
    const measure = async (rate: number): Promise<StepVerdict> => {
      if (rate >= 400 && disturbed === 0) {
        disturbed += 1;
        return Promise.resolve('disturbed');
      }
      return carries(500)(rate);
    };
    const { lower_perS, upper_perS, ended } = await searchCapacity(measure, OPTIONS);
    expect(disturbed).toBe(1);
    expect(lower_perS).toBeLessThanOrEqual(500);
    expect(upper_perS).toBeGreaterThan(500);
    expect(ended).toBe('narrow enough');
  });

  test('a rate that stays disturbed is no upper end: nobody saw the system break', async () => {
    const measure = async (rate: number): Promise<StepVerdict> => Promise.resolve(rate > 300 ? 'disturbed' : 'holds');
    const { lower_perS, upper_perS, ended } = await searchCapacity(measure, OPTIONS);
    expect(lower_perS).toBeGreaterThan(280);
    expect(upper_perS).toBeNull();
    expect(ended).toBe('machine disturbed');
  });

  test('spends no more steps than it may', async () => {
    const { steps, ended } = await searchCapacity(carries(12_345), { ...OPTIONS, steps_max: 6 });
    expect(steps).toHaveLength(6);
    expect(ended).toBe('budget spent');
  });

  test('ends that nobody saw twice are not told as found, however narrow', async () => {
    const whole = await searchCapacity(carries(333), OPTIONS);
    const { steps, ended } = await searchCapacity(carries(333), { ...OPTIONS, steps_max: whole.steps.length - 1 });
    expect(whole.ended).toBe('narrow enough');
    expect(steps).toHaveLength(whole.steps.length - 1);
    expect(ended).toBe('budget spent');
  });

  test('a system that carries nothing has no lower end', async () => {
    const found = await searchCapacity(carries(0), OPTIONS);
    expect(found).toMatchObject({ lower_perS: null, upper_perS: 1, ended: 'lowest rate breaks' });
  });

  test('the only rate that held breaks when it is confirmed: lower ones are tried', async () => {
    let held = 0;
    const measure = async (rate: number): Promise<StepVerdict> => {
      if (rate === 424) held += 1;
      return Promise.resolve(rate < 424 || held === 1 ? (rate <= 424 ? 'holds' : 'breaks') : 'breaks');
    };
    const { lower_perS, upper_perS, ended } = await searchCapacity(measure, {
      ...OPTIONS,
      ...{ start_perS: 424, width: 1.125, steps_max: 20 },
    });
    expect(lower_perS).toBeGreaterThan(370);
    expect(lower_perS).toBeLessThan(424);
    expect(upper_perS).toBeLessThanOrEqual(462);
    expect(ended).toBe('narrow enough');
  });

  test('an upper end that stays unclear is one: it is not asked until the budget is gone', async () => {
    const measure = async (rate: number): Promise<StepVerdict> => Promise.resolve(rate <= 300 ? 'holds' : 'unclear');
    const { lower_perS, upper_perS, steps, ended } = await searchCapacity(measure, OPTIONS);
    expect([(upper_perS ?? 0) / (lower_perS ?? 1) <= 1.05, ended]).toEqual([true, 'narrow enough']);
    expect(steps.filter(({ rate_perS }) => rate_perS === upper_perS)).toHaveLength(2);
  });

  test('a step that throws ends it with what was found before', async () => {
    const broken = new Error('no generator');
    const measure = async (rate: number): Promise<StepVerdict> =>
      rate === 300 ? Promise.reject(broken) : carries(300)(rate);
    const found = await searchCapacity(measure, { ...OPTIONS, start_perS: 200, growth: 1.5 });
    expect(found).toMatchObject({ lower_perS: 200, upper_perS: null, ended: 'interrupted' });
    expect(found.steps).toHaveLength(1);
    expect(found.failure?.error).toBe(broken);
  });

  test('goes no lower than where samples suffice, and says that this ended it', async () => {
    const { lower_perS, upper_perS, steps, ended } = await searchCapacity(carries(10), {
      ...OPTIONS,
      rate_min_perS: 20,
    });
    expect([lower_perS, upper_perS, ended]).toEqual([null, 20, 'lowest rate breaks']);
    expect(Math.min(...steps.map(({ rate_perS }) => rate_perS))).toBe(20);
  });

  test('options that lead nowhere are refused', async () => {
    for (const wrong of [{ growth: 1 }, { rate_min_perS: 0 }, { rate_min_perS: 51 }])
      await expect(searchCapacity(carries(1), { ...OPTIONS, ...wrong })).rejects.toThrow(RangeError);
  });
});

describe('an objective', () => {
  test('is read and said', () => {
    expect(parseObjective('p95=800ms, p99=1.5s,errors=0.5%')).toEqual({
      latencies: [
        { percentile: 95, limit_ms: 800 },
        { percentile: 99, limit_ms: 1_500 },
      ],
      errors: 0.005,
    });
    expect(objectiveInWords(parseObjective('p95=800ms'))).toBe('P95 below 800 ms and errors below 1 %');
  });

  test('is written as it is read', () => {
    for (const written of ['p95=800ms,errors=1%', 'p95=300ms,p99.9=1500ms,errors=0.5%'])
      expect(writtenObjective(parseObjective(written))).toBe(written);
  });

  test.each(['errors=1%', 'p95', 'p95=800', 'p100=1s', 'latency=3ms', 'p95=1s,errors=0%', 'p95=1s,errors=100%'])(
    '%s is none',
    (text) => {
      expect(() => parseObjective(text)).toThrow(RangeError);
    },
  );

  const measured = (latency_ms: number, failed = 0): LoadMeasurement => {
    const corrected = new ClusteredHistogram();
    corrected.record(latency_ms, 900);
    return {
      corrected,
      seconds: new Map(),
      achieved: 900,
      outcomes: { answered: 900 - failed, refused: 0, failed },
    } as unknown as LoadMeasurement;
  };
  const objective = parseObjective('p95=100ms,errors=2%');

  test('is judged by intervals', () => {
    expect(judgeStep(objective, measured(80), 0)).toBe('holds');
    expect(judgeStep(objective, measured(120), 0)).toBe('breaks');
    expect(judgeStep(objective, measured(80, 45), 0)).toBe('breaks');
    expect(judgeStep(objective, measured(80, 17), 0)).toBe('unclear');
    expect(judgeStep(objective, measured(80), 90)).toBe('breaks');
  });

  test('failures of a single second are hardly more than one', () => {
    const lost = (dropped: boolean, at_s: number) => {
      const [failed, never] = at_s !== 7 ? [0, 0] : dropped ? [0, 60] : [60, 0];
      return { answered: 60 - failed - never, refused: 0, failed, dropped: never };
    };
    for (const dropped of [false, true]) {
      const seconds = new Map(Array.from({ length: 15 }, (_, at_s) => [at_s, lost(dropped, at_s)]));
      const inOne = { ...measured(80, dropped ? 0 : 60), seconds };
      expect(judgeStep(objective, inOne, dropped ? 60 : 0)).toBe('unclear');
    }
  });
});
