/** Lines of keepalived's log, each with the instant at which it was written. */

export interface LogLine {
  /** Wall clock, ms since the epoch. */
  readonly at_ms: number;
  readonly node: string;
  readonly text: string;
}

/** Reads `2026-01-02T03:04:05.678Z text` lines; others are left out. */
export function parseStamped(text: string, node: string): LogLine[] {
  return text.split('\n').flatMap((line) => {
    const [, stamp, rest] = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (.*)$/.exec(line) ?? [];
    return stamp === undefined ? [] : [{ at_ms: Date.parse(stamp), node, text: rest ?? '' }];
  });
}

/** What of keepalived's log tells the mechanism of a failover. */
const TELLING =
  /Entering (MASTER|BACKUP|FAULT) STATE|script .* (failed|succeeded)|VRRP_Script\(|effective priority|lower priority|higher priority|Changing effective|timed out|gratuitous ARP|invalid passwd/i;

export function telling(lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ text }) => TELLING.test(text));
}
