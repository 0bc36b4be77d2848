/** How commands end: one place that turns errors into messages and exit codes. */
import { CommanderError } from 'commander';
import { HarnessError } from '../environments/harness/errors.ts';
import { UsageError } from '../environments/ledger/errors.ts';

/** Exit codes; when several apply, 3 goes before 1, and 1 before 2. */
export const EXIT = {
  /** The gate holds, or the command did what it was asked. */
  ok: 0,
  /** A claim deviates that neither baseline nor waiver knows. */
  newDeviation: 1,
  /** Inconclusive or partial. */
  open: 2,
  /** The harness failed; says nothing about the system under test. */
  harness: 3,
  /** Wrong usage, or broken data. */
  usage: 64,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What a failed command prints on standard error, and its exit code. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly lines: readonly string[];
}

/** Turns whatever a command threw into a message with a remedy and an exit code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) {
    // Commander has printed its message, or the help that was asked for.
    return { exitCode: error.exitCode === 0 ? EXIT.ok : EXIT.usage, lines: [] };
  }
  if (error instanceof UsageError) return { exitCode: EXIT.usage, lines: [error.message, error.remedy] };
  if (error instanceof HarnessError) return { exitCode: EXIT.harness, lines: [error.message, error.remedy] };
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    exitCode: EXIT.harness,
    lines: ['The harness failed. This is a fault of Gateproof or of this machine:', text],
  };
}
