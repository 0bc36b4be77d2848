/** What the undo logs of recent runs tell: faults that are still in, and what a watchdog undid. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pendingUndos, UNDO_LOG, undoRecords } from '../../chaos/runner/undo.ts';

/** So many of the newest runs with faults are looked at. */
const RECENT = 20;

export interface FaultStory {
  readonly runId: string;
  /** Faults of the run. */
  readonly faults: number;
  /** Armed and not undone. */
  readonly pending: readonly { readonly fault: string; readonly armedAt: string; readonly problem?: string }[];
  /** The containers of a run that is `gone` are removed, and the faults with them; a run that is `measuring` means what is in. */
  readonly state: 'measuring' | 'left behind' | 'gone';
  readonly byWatchdog: readonly { readonly fault: string; readonly undoneAt: string }[];
}

/**
 * @param root folder of runs
 * @param engine runs that have containers, and whether their process lives
 */
export function faultStories(root: string, engine: ReadonlyMap<string, boolean>): readonly FaultStory[] {
  if (!existsSync(root)) return [];
  const runs = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, UNDO_LOG)))
    .map(({ name }) => name)
    .sort()
    .reverse();
  return runs.slice(0, RECENT).map((runId) => storyOf(join(root, runId), runId, engine.get(runId)));
}

function storyOf(dir: string, runId: string, lives: boolean | undefined): FaultStory {
  const records = undoRecords(dir);
  const armedAt = new Map(records.filter(({ state }) => state === 'armed').map(({ id, at }) => [id, at]));
  return {
    runId,
    faults: armedAt.size,
    pending: pendingUndos(dir).map(({ id, fault, at, problem }) => ({
      fault,
      armedAt: armedAt.get(id) ?? at,
      ...(problem === undefined ? {} : { problem }),
    })),
    state: lives === undefined ? 'gone' : lives ? 'measuring' : 'left behind',
    byWatchdog: records
      .filter(({ by, state }) => by === 'watchdog' && state === 'undone')
      .map(({ fault, at }) => ({ fault, undoneAt: at })),
  };
}

/** The stories as lines; runs that undid everything themselves are one line together. */
export function faultLines(stories: readonly FaultStory[]): readonly string[] {
  const clean = stories.filter(({ pending, byWatchdog }) => pending.length + byWatchdog.length === 0);
  const faults = clean.reduce((sum, story) => sum + story.faults, 0);
  return [
    ...stories.filter((story) => !clean.includes(story)).flatMap(storyLines),
    ...(clean.length === 0
      ? []
      : [`faults of ${counted(clean.length, 'other run')}: ${faults}, all undone by the runs`]),
  ];
}

const WHERE: Readonly<Record<FaultStory['state'], string>> = {
  measuring: 'in now, the run is measuring',
  'left behind': 'STILL IN; remove the run: ./gateproof down --all',
  gone: 'gone with the containers of the run',
};

function storyLines({ runId, faults, pending, state, byWatchdog }: FaultStory): readonly string[] {
  return [
    `${runId}  ${counted(faults, 'fault')} injected`,
    ...byWatchdog.map(({ fault, undoneAt }) => `  ${fault}: undone by the watchdog at ${undoneAt}`),
    ...pending.map(
      ({ fault, armedAt, problem }) =>
        `  ${fault}: armed at ${armedAt}, not undone${problem === undefined ? '' : ` (${problem})`}: ${WHERE[state]}`,
    ),
  ];
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
