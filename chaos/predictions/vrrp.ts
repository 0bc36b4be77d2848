/** How long a failover by VRRP takes, from keepalived's settings. */

/** What decides a failover, from the text of a configuration. */
export interface VrrpSettings {
  readonly version: 2 | 3;
  readonly priority: number;
  readonly advert_s: number;
  readonly preempts: boolean;
  readonly scripts: readonly {
    readonly name: string;
    readonly interval_s: number;
    readonly fall: number;
    readonly weight: number;
  }[];
}

/** Adverts that a backup misses before it takes over (RFC 5798, section 6.1; keepalived's `down_timer_adverts`). */
const MISSED = 3;

/** Reads a configuration; values that it does not give are keepalived's own (version 2, interval 1 s, fall 1, weight 0). */
export function vrrpSettings(text: string): VrrpSettings {
  const plain = text.replaceAll(/[#!].*$/gm, '');
  const number = (block: string, name: string, otherwise: number): number =>
    Number(new RegExp(`^\\s*${name}\\s+(-?[\\d.]+)`, 'm').exec(block)?.[1] ?? otherwise);
  const instance = /vrrp_instance\s+\S+\s*\{([\s\S]*)/.exec(plain)?.[1] ?? '';
  const scripts = [...plain.matchAll(/vrrp_script\s+(\S+)\s*\{([^}]*)\}/g)].map(([, name = '', block = '']) => ({
    name,
    interval_s: number(block, 'interval', 1),
    fall: number(block, 'fall', 1),
    weight: number(block, 'weight', 0),
  }));
  return {
    version: number(plain, 'vrrp_version', 2) === 3 ? 3 : 2,
    priority: number(instance, 'priority', 100),
    advert_s: number(instance, 'advert_int', 1),
    preempts: !/^\s*nopreempt\b/m.test(instance),
    scripts,
  };
}

/** Skew of a backup, s: (256 − priority)/256 in version 2 (RFC 3768, 6.1), times the interval in version 3 (RFC 5798, 6.1). */
export function skew_s({ version, priority, advert_s }: VrrpSettings): number {
  return ((256 - priority) / 256) * (version === 3 ? advert_s : 1);
}

/** The active node falls silent at any phase between two adverts: the outage lies in this range, s. */
export function silentRange_s(backup: VrrpSettings): readonly [number, number] {
  const skew = skew_s(backup);
  return [round((MISSED - 1) * backup.advert_s + skew), round(MISSED * backup.advert_s + skew)];
}

/** The active node says goodbye with priority 0: the backup waits for its skew alone. */
export function goodbye_s(backup: VrrpSettings): number {
  return round(skew_s(backup));
}

/**
 * A script finds the fault after `fall` runs. Its negative weight lets the backup ignore
 * the lower adverts without setting its timer anew, so the silent range comes on top.
 */
export function scriptRange_s(active: VrrpSettings, backup: VrrpSettings, script: string): readonly [number, number] {
  const found = active.scripts.find(({ name }) => name === script);
  if (!found) return silentRange_s(backup);
  const [least, most] = silentRange_s(backup);
  return [round((found.fall - 1) * found.interval_s + least), round(found.fall * found.interval_s + most + RUN_TIME_S)];
}

/** A run of a script, and the advert that waits for it, s; seen in trials. */
const RUN_TIME_S = 0.3;

const round = (value: number): number => Math.round(value * 1000) / 1000;
