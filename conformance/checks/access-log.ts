import type { CaseContext } from '../context.ts';
import { setTimeout as pause } from 'node:timers/promises';
import { outputOf } from '../../environments/harness/logs.ts';
import type { Gateway } from '../gateway.ts';

/** nginx writes a line when a request is over, which may be a moment after its answer: bound of that moment, ms. */
const WRITTEN_WITHIN_MS = 2_000;
const EVERY_MS = 100;

const ACCESS_LOG = '/var/log/nginx/access.log';

/** Lines of the access log as bytes: what is not UTF-8 must not be put right on the way. */
export async function rawLines(gateway: Gateway, needles: readonly string[]): Promise<Buffer[]> {
  const patterns = needles.flatMap((needle) => ['-e', `'${needle}'`]).join(' ');
  const { stdout } = await gateway.exec(['sh', '-c', `grep -aF ${patterns} ${ACCESS_LOG} | base64 -w0`]);
  return splitLines(Buffer.from(stdout, 'base64'));
}

/** The lines of a text, without their ends. */
export function splitLines(text: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let from = 0; from < text.length;) {
    const end = text.indexOf(0x0a, from);
    const to = end < 0 ? text.length : end;
    if (to > from) lines.push(text.subarray(from, to));
    from = to + 1;
  }
  return lines;
}

/**
 * Lines of the access log by needle, once each has the number wanted or the time
 * in which nginx writes is over. A needle is a mark, or texts of which any tells the request.
 */
export async function linesOf(
  gateway: Gateway,
  requests: readonly { readonly needles: readonly string[]; readonly wanted: number }[],
): Promise<Buffer[][]> {
  const until = performance.now() + WRITTEN_WITHIN_MS;
  for (;;) {
    const all = await rawLines(
      gateway,
      requests.flatMap(({ needles }) => needles),
    );
    const found = requests.map(({ needles }) => all.filter((line) => needles.some((needle) => line.includes(needle))));
    if (found.every((lines, index) => lines.length >= (requests[index]?.wanted ?? 0)) || performance.now() > until)
      return found;
    await pause(EVERY_MS);
  }
}

/** What is wrong with one line that has to be a JSON object with exactly these members, some of them numbers. */
export function lineFaults(line: Buffer, fields: readonly string[], numeric: readonly string[]): string[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(line);
  } catch {
    return ['not UTF-8'];
  }
  const entry = jsonLine(text);
  if (!entry) return ['not a JSON object'];
  const names = Object.keys(entry);
  const missing = fields.filter((name) => !names.includes(name));
  const foreign = names.filter((name) => !fields.includes(name));
  const texts = numeric.filter((name) => typeof entry[name] !== 'number');
  return [
    ...(missing.length > 0 ? [`without ${missing.join(', ')}`] : []),
    ...(foreign.length > 0 ? [`with ${foreign.join(', ')} besides`] : []),
    ...(texts.length > 0 ? [`${texts.join(', ')} not a number`] : []),
  ];
}

/** A line as a JSON object, or `undefined`. */
export function jsonLine(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Lines that a backend wrote, from the first with the mark to the last, once one is there or the time is over. */
export async function backendLines(
  context: CaseContext,
  instance: string,
  mark: string,
  wanted = 1,
): Promise<string[]> {
  const { containerId } = context.session.service(instance);
  const until = performance.now() + WRITTEN_WITHIN_MS;
  for (;;) {
    const lines = await outputOf(containerId, 3_000);
    const own = lines.filter((line) => line.includes(mark)).length;
    if (own >= wanted || performance.now() > until) {
      const first = lines.findIndex((line) => line.includes(mark));
      return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line.includes(mark)) + 1);
    }
    await pause(EVERY_MS);
  }
}
