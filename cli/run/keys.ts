/** Single keys on a terminal while a run goes on. */

const CTRL_C = '\u0003';

/** The part of a terminal's input that keys need. */
export interface KeyInput {
  readonly isTTY?: boolean | undefined;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (data: Buffer) => void): unknown;
  off(event: 'data', listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/**
 * Calls `stop` when `q` is pressed, and for Ctrl-C, which a terminal in raw mode gives
 * as a character. The returned function gives the terminal back.
 */
export function onStopKey(stop: () => void, input: KeyInput = process.stdin): () => void {
  if (input.isTTY !== true || !input.setRawMode) return () => undefined;
  const listener = (data: Buffer): void => {
    if (/[qQ]/.test(data.toString('utf8')) || data.includes(CTRL_C)) stop();
  };
  input.setRawMode(true);
  input.on('data', listener);
  input.resume();
  return () => {
    input.off('data', listener);
    input.setRawMode?.(false);
    input.pause();
  };
}
