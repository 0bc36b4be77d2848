import { isIP } from 'node:net';
import type { HttpStep, Step } from './protocol.ts';

/** A schedule that cannot be run as it stands: a mistake of whoever wrote it. */
export class ScheduleError extends Error {
  override readonly name = 'ScheduleError';
}

function whereabouts(step: HttpStep): string {
  return JSON.stringify([step.from, step.protocol, step.target]);
}

/**
 * Checks what types cannot tell.
 *
 * @throws {ScheduleError} naming the step: repeated ids, impossible times, addresses that are
 * none, a shared connection whose steps disagree about where it goes.
 */
export function validateSchedule(steps: readonly Step[]): void {
  const ids = new Set<string>();
  const connections = new Map<string, string>();
  for (const step of steps) {
    const refuse = (why: string): never => {
      throw new ScheduleError(`step ${JSON.stringify(step.id)}: ${why}`);
    };
    if (ids.has(step.id)) refuse('its id is used twice in the schedule');
    ids.add(step.id);
    if (!Number.isFinite(step.at_ms) || step.at_ms < 0) refuse(`at_ms is ${step.at_ms}, expected 0 or more`);
    if (!Number.isFinite(step.timeout_ms) || step.timeout_ms <= 0)
      refuse(`timeout_ms is ${step.timeout_ms}, expected more than 0`);
    if (isIP(step.from) === 0) refuse(`from is ${JSON.stringify(step.from)}, expected an IP address`);
    if (step.kind !== 'http') continue;
    const rate = step.readRate_bytesPerS;
    if (rate !== undefined && !(rate > 0)) refuse(`readRate_bytesPerS is ${rate}, expected more than 0`);
    if (step.connection === undefined) continue;
    const known = connections.get(step.connection);
    if (known !== undefined && known !== whereabouts(step)) {
      refuse(
        `connection ${JSON.stringify(step.connection)} is shared with a step of another target, address or protocol`,
      );
    }
    connections.set(step.connection, whereabouts(step));
  }
}
