import { createInterface } from 'node:readline';

/** One line of what the engine says while it builds, pulls or imports. */
export interface EngineEvent {
  /** Output of a build step. */
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
  readonly errorDetail?: { readonly message?: string };
}

/**
 * Reads the engine's answer to its end.
 *
 * @throws Error with the engine's own words when it reports a failure
 */
export async function followEngine(
  answer: NodeJS.ReadableStream,
  onEvent: (event: EngineEvent) => void,
): Promise<void> {
  for await (const line of createInterface({ input: answer })) {
    if (line.trim() === '') continue;
    const event = JSON.parse(line) as EngineEvent;
    onEvent(event);
    const failure = event.errorDetail?.message ?? event.error;
    if (failure !== undefined) throw new Error(failure);
  }
}
