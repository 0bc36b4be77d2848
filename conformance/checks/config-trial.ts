import type { Gateway } from '../gateway.ts';
import type { Evidence } from '../../reports/record/types.ts';

/** Whether nginx accepts a configuration, and what it says. */
export interface Trial {
  readonly accepted: boolean;
  /** The lines that decide: errors, or that the test succeeded. */
  readonly says: readonly string[];
}

/** What nginx said about a configuration: the lines that decide. */
export function trialOf({ exitCode, stderr }: { readonly exitCode: number; readonly stderr: string }): Trial {
  const lines = stderr
    .split('\n')
    .map(withoutAccidents)
    .filter((line) => line !== '');
  const errors = lines.filter((line) => /\[(?:emerg|alert|crit)\]/.test(line));
  return { accepted: exitCode === 0, says: errors.length > 0 ? errors : lines.slice(-2) };
}

/** A line without what differs from one trial to the next: date, process, and the name of a temporary file. */
function withoutAccidents(line: string): string {
  return line
    .trim()
    .replace(/^[\d/]+ [\d:]+ (\[\w+\]) \d+#\d+: /, '$1 ')
    .replace(/ in \/tmp\/\S+?:(\d+)$/, ', line $1');
}

/** Has the gateway's nginx test the configuration that it runs (`nginx -t`). */
export async function tryRunning(gateway: Gateway): Promise<Trial> {
  return trialOf(await gateway.exec(['nginx', '-t']));
}

/** Has the gateway's nginx test another configuration; the file is gone afterwards. Names are looked up once, for a second. */
export async function tryConfig(gateway: Gateway, text: string): Promise<Trial> {
  const script =
    'f=$(mktemp) && printf %s "$1" > "$f" && RES_OPTIONS="timeout:1 attempts:1" nginx -t -c "$f"; s=$?; rm -f "$f"; exit $s';
  return trialOf(await gateway.exec(['sh', '-c', script, 'sh', text]));
}

/** What was tried and what nginx said, as evidence. */
export function trialEvidence(title: string, text: string, trial: Trial): Evidence[] {
  return [
    { kind: 'config', title, text },
    { kind: 'log', title: 'nginx -t', lines: trial.says },
  ];
}
