/** What a procedure did and when, from the procedure to the judgement. */
import type { TrialData, TrialWatch } from '../runner/experiment.ts';

/** Name under which a trial keeps its journal. */
export const JOURNAL = 'procedure';

export interface Step {
  /** On the trial's clock. */
  readonly at_ms: number;
  readonly step: string;
  /** Whom it is about. */
  readonly on: string;
  readonly what: string;
  readonly value?: number;
}

/** Collects the steps of one trial; `take` hands them over and begins anew. */
export class Journal {
  #steps: Step[] = [];

  /** Writes a step down, in the trial's timeline too. */
  record(watch: TrialWatch, step: string, on: string, what: string, value?: number): void {
    watch.note('procedure', `${on}: ${what}`);
    this.#steps.push({ at_ms: watch.now_ms(), step, on, what, ...(value === undefined ? {} : { value }) });
  }

  /** The steps so far as one JSON object a line. */
  take(): string[] {
    const lines = this.#steps.map((step) => JSON.stringify(step));
    this.#steps = [];
    return lines;
  }
}

/** Steps of a finished trial; none when the procedure did not run. */
export function stepsOf(trial: Pick<TrialData, 'collected'>): readonly Step[] {
  return (trial.collected[JOURNAL] ?? []).map((line) => JSON.parse(line) as Step);
}
