/**
 * How much a system carries within its service-level objective: growth by a factor until
 * the objective breaks, bisection between the highest rate that held and the lowest that
 * did not, then a confirmation of both ends. As Nighthawk's adaptive load controller does
 * it, with one difference: a step whose interval holds the limit is neither, and is asked
 * again before it counts.
 */
import type { CapacityResult } from '../../reports/record/types.ts';

/** What one load step at a rate said about the objective. */
export type StepVerdict =
  /** The objective held, with confidence. */
  | 'holds'
  /** It broke, with confidence. */
  | 'breaks'
  /** The interval holds the limit: more samples may tell. */
  | 'unclear'
  /** The generator could not offer this rate: nothing is said about the system. */
  | 'invalid'
  /** Other programs had the machine meanwhile: nothing is said about the system, and another look may tell. */
  | 'disturbed';

export interface SearchOptions {
  readonly start_perS: number;
  /** No rate below this is tried: a step there has too few samples to show that anything holds. */
  readonly rate_min_perS: number;
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

/** What was found, and why the search ended, as the record tells it. */
export interface Capacity extends Pick<CapacityResult, 'lower_perS' | 'upper_perS' | 'ended'> {
  readonly steps: readonly SearchedStep[];
  /** What a step threw: the steps before it are all that there is. */
  readonly failure?: { readonly error: unknown };
}

interface End {
  readonly rate: number;
  readonly wanted: 'holds' | 'breaks';
}

/** How often in a row a rate is asked that tells nothing. */
const ASKED_MAX = 2;

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
    try {
      do {
        if (this.#held === 0 || !Number.isFinite(this.#broke)) await this.#grow();
        await this.#bisect();
      } while (this.#left > 0 && (this.#lacksLower() || !(await this.#confirm())));
    } catch (error) {
      return { ...this.#found(), ended: 'interrupted', failure: { error } };
    }
    return { ...this.#found(), ended: this.#ended() };
  }

  #found(): Pick<Capacity, 'lower_perS' | 'upper_perS' | 'steps'> {
    return {
      lower_perS: this.#held === 0 ? null : this.#held,
      upper_perS: Number.isFinite(this.#broke) ? this.#broke : null,
      steps: this.steps,
    };
  }

  get #left(): number {
    return this.#options.steps_max - this.steps.length;
  }

  #ended(): Capacity['ended'] {
    const confirmed = this.#ends().every((end) => this.#confirmed(end));
    if (confirmed && this.#narrow()) return 'narrow enough';
    if (confirmed && this.#held > 0 && this.#broke - this.#held <= 1) return 'as narrow as whole rates allow';
    if (this.steps.some((step) => step.verdict === 'disturbed' && step.rate_perS === this.#limit))
      return 'machine disturbed';
    if (this.#left <= 0) return 'budget spent';
    if (this.#broke <= this.#options.rate_min_perS) return 'lowest rate breaks';
    return this.#limit < this.#options.rate_max_perS ? 'generator at its end' : 'highest rate holds';
  }

  /** Nothing from here on has to be tried. */
  get #top(): number {
    return Math.min(this.#broke, this.#limit);
  }

  #narrow(): boolean {
    return this.#held > 0 && this.#broke / this.#held <= this.#options.width;
  }

  /** Rates were seen to break and none holds, or no longer: there are lower ones to try. */
  #lacksLower(): boolean {
    return this.#held === 0 && Number.isFinite(this.#broke) && this.#top > this.#options.rate_min_perS;
  }

  async #grow(): Promise<void> {
    const { start_perS, growth, rate_min_perS } = this.#options;
    const below = (rate: number): number => Math.max(rate_min_perS, Math.floor(rate / growth));
    const lowest = Number.isFinite(this.#broke) ? below(this.#top) : start_perS;
    const first = this.#held === 0 ? lowest : Math.floor(this.#held * growth);
    let rate = Math.min(first, this.#limit);
    while (this.#left > 0 && rate > this.#held) {
      const verdict = await this.#try(rate, 'growth');
      // A start that is too high: downwards, until something holds.
      if (verdict === 'breaks' && this.#held === 0 && rate > rate_min_perS) rate = below(rate);
      else if (verdict === 'holds' && rate < this.#limit && !Number.isFinite(this.#broke))
        rate = Math.min(Math.floor(rate * growth), this.#limit);
      else return;
    }
  }

  async #bisect(): Promise<void> {
    while (this.#left > 0 && this.#held > 0 && this.#top / this.#held > this.#options.width) {
      // Halfway in proportion: what counts is the width as a ratio.
      const rate = Math.round(Math.sqrt(this.#held * this.#top));
      if (rate <= this.#held || rate >= this.#top) return;
      await this.#try(rate, 'bisection');
    }
  }

  /** True when both ends were seen often enough, or nothing more can be found out. */
  async #confirm(): Promise<boolean> {
    for (const end of this.#ends())
      while (this.#left > 0 && !this.#confirmed(end))
        if ((await this.#try(end.rate, 'confirmation')) !== end.wanted) return false;
    return true;
  }

  /** Both ends of the result, those that were found, with what their rates have to say. */
  #ends(): readonly End[] {
    return [{ rate: this.#held, wanted: 'holds' } as const, { rate: this.#broke, wanted: 'breaks' } as const].filter(
      ({ rate }) => rate > 0 && Number.isFinite(rate),
    );
  }

  /** What stays unclear is an upper end as well: nobody can promise that rate. */
  #confirmed({ rate, wanted }: End): boolean {
    const unclear = wanted === 'breaks' ? this.#seen(rate, 'unclear') : 0;
    return this.#seen(rate, wanted) + unclear >= this.#options.confirmations;
  }

  #seen(rate_perS: number, verdict: StepVerdict): number {
    return this.steps.filter((step) => step.rate_perS === rate_perS && step.verdict === verdict).length;
  }

  /**
   * One step. Unclear and disturbed ones are asked again. What stays unclear counts as broken:
   * nobody can promise that rate. What stays disturbed says nothing, as a generator at its end.
   */
  async #try(rate_perS: number, phase: SearchedStep['phase']): Promise<StepVerdict> {
    let verdict: StepVerdict = 'unclear';
    const open = (): boolean => verdict === 'unclear' || verdict === 'disturbed';
    for (let n = 0; open() && n < ASKED_MAX && this.#left > 0; n += 1) {
      verdict = await this.#measure(rate_perS);
      this.steps.push({ rate_perS, verdict, phase });
    }
    if (verdict === 'invalid' || verdict === 'disturbed') this.#limit = Math.min(this.#limit, rate_perS);
    // What could not be offered once, and then could, is no limit.
    else if (verdict === 'holds' && rate_perS >= this.#limit) this.#limit = this.#options.rate_max_perS;
    return verdict === 'unclear' ? 'breaks' : verdict;
  }

  /** Lowest rate that more often did not hold than it did; infinite when there is none. */
  get #broke(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#rates().filter((rate) => this.#balance(rate) < 0));
  }

  /** Highest rate below that which held more often than not; 0 when there is none. A rate that did either as often is no end. */
  get #held(): number {
    const broke = this.#broke;
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
 * Searches the highest rate at which `measure` holds. When `measure` throws, the result is
 * what was found until then.
 *
 * @throws RangeError for options that lead nowhere
 */
export async function searchCapacity(
  measure: (rate_perS: number) => Promise<StepVerdict>,
  options: SearchOptions,
): Promise<Capacity> {
  const { start_perS, rate_min_perS, growth, width, steps_max, confirmations } = options;
  if (!(rate_min_perS >= 1 && growth > 1 && width > 1 && steps_max >= 1 && confirmations >= 1))
    throw new RangeError('a search tries rates of 1 or more, grows by more than 1, and has steps to spend');
  if (start_perS < rate_min_perS) throw new RangeError('a search starts at its lowest rate or above');
  return new Search(measure, options).run();
}
