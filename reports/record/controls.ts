/** Negative controls of experiments and scenarios: whether they show that one can fail, and passes when nothing is wrong. */
import type { ControlKind } from './dynamics.ts';
import type { Gate, VariantResult, Verdict } from './types.ts';

/** What a control shows. `open`: it was not applicable, could not tell, or failed. */
export type ControlOutcome = 'held' | 'not held' | 'open';

/**
 * A sabotaged system must break the promise, and one without a fault must keep it. A gateway
 * without processor time must break it too; with such a generator nobody can tell.
 */
const WANTED: Readonly<Record<ControlKind, Verdict>> = {
  sabotage: 'deviates',
  'no-fault': 'conforms',
  'starved-gateway': 'deviates',
  'starved-generator': 'inconclusive',
};

/** Something that was measured, perhaps as a control. */
interface Measured {
  readonly name: string;
  readonly verdict: Verdict;
  readonly control?: ControlKind;
}

/** What a control shows; null when this is none. */
export function controlOutcome({ control, verdict }: Measured): ControlOutcome | null {
  if (control === undefined) return null;
  if (verdict === WANTED[control]) return 'held';
  return verdict === 'conforms' || verdict === 'deviates' ? 'not held' : 'open';
}

/** Whether the run measured controls in place of promises. */
export function isControlRun(variants: readonly VariantResult[]): boolean {
  const all = variants.flatMap(measuredIn);
  return all.length > 0 && all.every(({ control }) => control !== undefined);
}

const measuredIn = ({ experiments, scenarios }: VariantResult): readonly Measured[] => [...experiments, ...scenarios];

/**
 * The gate of a run of controls, whose verdicts say nothing about the promises; null for another run.
 * Exit code 1 when a control did not hold, 2 when one is open, 3 after a failed rollback.
 */
export function controlGate(variants: readonly VariantResult[]): Gate | null {
  if (!isControlRun(variants)) return null;
  const controls = variants.flatMap((variant) =>
    measuredIn(variant).flatMap((one) => {
      const outcome = controlOutcome(one);
      return outcome === null ? [] : [{ name: `${variant.name}/${one.name}`, outcome, one }];
    }),
  );
  const named = (wanted: ControlOutcome): readonly string[] =>
    controls.filter(({ outcome }) => outcome === wanted).map(({ name }) => name);
  const [held, broken] = [named('held'), named('not held')];
  const open = controls.filter(({ outcome, one }) => outcome === 'open' && one.verdict !== 'not-applicable');
  const failed = controls.some(({ one }) => one.verdict === 'error');
  const exitCode = failed ? 3 : broken.length > 0 ? 1 : open.length > 0 ? 2 : 0;
  const list = [...broken, ...open.map(({ name, one }) => `${name} (${one.verdict})`)];
  return {
    exitCode,
    holds: exitCode === 0,
    sentence: `${held.length} of ${controls.length} negative controls held${list.length === 0 ? '.' : `; not: ${list.join(', ')}.`}`,
    newDeviations: [],
    knownDeviations: [],
    waived: [],
    vanished: [],
    warnings: [],
  };
}
