import { readFileSync } from 'node:fs';

/** Owner of a topology that stays until `down`. */
export const OWNER_UP = 'up';

/** Start time of a process in clock ticks since boot (proc(5), field 22 of stat); undefined where there is no such process or no /proc. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may hold blanks.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** This process as the owner of a run: identifier and start time, since identifiers are used again. */
export function thisProcess(): string {
  return `${String(process.pid)}@${startTime(process.pid) ?? 'unknown'}`;
}

/** True while the process that owns a run lives: the run is not a leftover then. */
export function ownerLives(owner: string | undefined): boolean {
  const [pid, started] = (owner ?? '').split('@');
  const number = Number(pid);
  if (!Number.isInteger(number) || number <= 0) return false;
  if (started !== undefined && started !== 'unknown') return startTime(number) === started;
  try {
    // No start time to compare (no /proc): signal 0 only asks whether the process exists.
    process.kill(number, 0);
    return true;
  } catch {
    return false;
  }
}
