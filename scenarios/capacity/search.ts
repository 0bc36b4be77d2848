/**
 * How much a system carries within its service-level objective: growth by a factor until
 * the objective breaks, bisection between the highest rate that held and the lowest that
 * did not, then a confirmation of both ends. As Nighthawk's adaptive load controller does
 * it, with one difference: a step whose interval holds the limit is neither, and is asked
 * again before it counts.
 */

/** What one load step at a rate said about the objective. */
export type StepVerdict =
  /** The objective held, with confidence. */
  | 'holds'
  /** It broke, with confidence. */
  | 'breaks'
  /** The interval holds the limit: more samples may tell. */
  | 'unclear'
  /** The generator could not offer this rate: nothing is said about the system. */
  | 'invalid';

export interface SearchOptions {
  readonly start_perS: number;
  /** Factor of the growth, above 1. */
  readonly growth: number;
  /** Wanted width of the result: upper ÷ lower, above 1. */
  readonly width: number;
  /** Load steps that may be spent. */
  readonly steps_max: number;
  /** No rate above this is tried: what the addresses or the generator allow. */
  readonly rate_max_perS: number;
  /** Times that each end of the result has to be seen. */
  readonly confirmations: number;
}

export interface SearchedStep {
  readonly rate_perS: number;
  readonly verdict: StepVerdict;
  readonly phase: 'growth' | 'bisection' | 'confirmation';
}

export interface Capacity {
  /** Highest rate that held each time it was tried; null when none did. */
  readonly lower_perS: number | null;
  /** Lowest rate that did not; null when the generator or the addresses ended the search first. */
  readonly upper_perS: number | null;
  readonly steps: readonly SearchedStep[];
  /** Why the search ended. */
  readonly ended: 'narrow enough' | 'budget spent' | 'generator at its end' | 'highest rate holds';
}

const UNCLEAR_MAX = 2;

class Search {
  readonly #measure: (rate_perS: number) => Promise<StepVerdict>;
  readonly #options: SearchOptions;
  readonly steps: SearchedStep[] = [];
  #limit: number;

  constructor(measure: (rate_perS: number) => Promise<StepVerdict>, options: SearchOptions) {
    this.#measure = measure;
    this.#options = options;
    this.#limit = options.rate_max_perS;
  }

  async run(): Promise<Capacity> {
    do {
      if (!Number.isFinite(this.#brokeRate)) await this.#grow();
      await this.#bisect();
    } while (!(await this.#confirm()) && this.#left > 0);
    return {
      lower_perS: this.#heldRate === 0 ? null : this.#heldRate,
      upper_perS: Number.isFinite(this.#brokeRate) ? this.#brokeRate : null,
      steps: this.steps,
      ended: this.#ended(),
    };
  }

  get #left(): number {
    return this.#options.steps_max - this.steps.length;
  }

  #ended(): Capacity['ended'] {
    if (this.#narrow()) return 'narrow enough';
    if (this.#left <= 0) return 'budget spent';
    return this.#limit < this.#options.rate_max_perS ? 'generator at its end' : 'highest rate holds';
  }

  /** Nothing from here on has to be tried. */
  get #top(): number {
    return Math.min(this.#brokeRate, this.#limit);
  }

  #narrow(): boolean {
    return this.#heldRate > 0 && this.#brokeRate / this.#heldRate <= this.#options.width;
  }

  async #grow(): Promise<void> {
    const { start_perS, growth } = this.#options;
    let rate = Math.min(this.#heldRate === 0 ? start_perS : Math.floor(this.#heldRate * growth), this.#limit);
    while (this.#left > 0 && rate > this.#heldRate) {
      const verdict = await this.#try(rate, 'growth');
      // A start that is too high: downwards, until something holds.
      if (verdict === 'breaks' && this.#heldRate === 0) rate = Math.max(1, Math.floor(rate / growth));
      else if (verdict === 'holds' && rate < this.#limit && !Number.isFinite(this.#brokeRate))
        rate = Math.min(Math.floor(rate * growth), this.#limit);
      else return;
      if (rate === 1 && this.#brokeRate === 1) return;
    }
  }

  async #bisect(): Promise<void> {
    while (this.#left > 0 && this.#heldRate > 0 && this.#top / this.#heldRate > this.#options.width) {
      // Halfway in proportion: what counts is the width as a ratio.
      const rate = Math.round(Math.sqrt(this.#heldRate * this.#top));
      if (rate <= this.#heldRate || rate >= this.#top) return;
      await this.#try(rate, 'bisection');
    }
  }

  /** True when both ends were seen often enough, or nothing more can be found out. */
  async #confirm(): Promise<boolean> {
    for (const [rate, wanted] of [
      [this.#heldRate, 'holds'],
      [this.#brokeRate, 'breaks'],
    ] as const) {
      if (rate === 0 || !Number.isFinite(rate)) continue;
      while (this.#left > 0 && this.#seen(rate, wanted) < this.#options.confirmations)
        if ((await this.#try(rate, 'confirmation')) !== wanted) return false;
    }
    return true;
  }

  #seen(rate_perS: number, verdict: StepVerdict): number {
    return this.steps.filter((step) => step.rate_perS === rate_perS && step.verdict === verdict).length;
  }

  /** One step; unclear ones are asked again, and count as broken if they stay so: nobody can promise that rate. */
  async #try(rate_perS: number, phase: SearchedStep['phase']): Promise<StepVerdict> {
    let verdict: StepVerdict = 'unclear';
    for (let n = 0; verdict === 'unclear' && n < UNCLEAR_MAX && this.#left > 0; n += 1) {
      verdict = await this.#measure(rate_perS);
      this.steps.push({ rate_perS, verdict, phase });
    }
    if (verdict === 'invalid') this.#limit = Math.min(this.#limit, rate_perS);
    return verdict === 'unclear' ? 'breaks' : verdict;
  }

  /** Lowest rate that more often did not hold than it did; infinite when there is none. */
  get #brokeRate(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#rates().filter((rate) => this.#balance(rate) < 0));
  }

  /** Highest rate below that which held more often than not; 0 when there is none. A rate that did either as often is no end. */
  get #heldRate(): number {
    const broke = this.#brokeRate;
    return Math.max(0, ...this.#rates().filter((rate) => rate < broke && this.#balance(rate) > 0));
  }

  #rates(): number[] {
    return [...new Set(this.steps.map(({ rate_perS }) => rate_perS))];
  }

  #balance(rate_perS: number): number {
    return this.#seen(rate_perS, 'holds') - this.#seen(rate_perS, 'breaks') - this.#seen(rate_perS, 'unclear');
  }
}

/**
 * Searches the highest rate at which `measure` holds.
 *
 * @throws RangeError for options that lead nowhere, and whatever `measure` throws
 */
export async function searchCapacity(
  measure: (rate_perS: number) => Promise<StepVerdict>,
  options: SearchOptions,
): Promise<Capacity> {
  const { start_perS, growth, width, steps_max, confirmations } = options;
  if (!(start_perS >= 1 && growth > 1 && width > 1 && steps_max >= 1 && confirmations >= 1))
    throw new RangeError('a search starts at 1 or more, grows by more than 1, and has steps to spend');
  return new Search(measure, options).run();
}
