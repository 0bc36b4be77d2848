/** Numbers and times as people read them; the same in every report. */

/** 1234.5 → `1,234.5`; at most `digits` decimals. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** Three significant figures at most, for measured values of unknown size. */
export function figure(value: number): string {
  return Math.abs(value) >= 1000 ? number(Math.round(value)) : String(Number(value.toPrecision(3)));
}

/** `1 claim`, `2 claims`. */
export function plural(count: number, word: string, many = `${word}s`): string {
  return `${number(count)} ${count === 1 ? word : many}`;
}

/** Share of a whole in per cent, whole numbers; never 100 or 0 when something is missing or there. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const share = (part / whole) * 100;
  if (part < whole && share > 99) return `${(Math.floor(share * 10) / 10).toFixed(1)} %`;
  if (part > 0 && share < 1) return `${(Math.ceil(share * 10) / 10).toFixed(1)} %`;
  return `${Math.round(share)} %`;
}

/** A duration in ms with the unit that fits it: `40 ms`, `1.2 s`, `3 min`, `1 h 47 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Seconds to the millisecond below ten seconds. */
export function seconds(value: number): string {
  return `${Number(value.toFixed(value < 10 ? 2 : 1))} s`;
}

/** Latency in ms: `271 ms`, `1.87 s`. */
export function latency(ms: number): string {
  return ms < 1000 ? `${figure(ms)} ms` : `${figure(ms / 1000)} s`;
}

/** A file's size in bytes: `212 KB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 1_000_000) return `${figure(size / 1000)} KB`;
  return `${figure(size / 1_000_000)} MB`;
}

/** ISO time → `21 November 2026 at 02:14 UTC`; the text itself when it is no time. */
export function moment(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = time.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  const clock = time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
  return `${day} at ${clock} UTC`;
}

/** `a`, `a and b`, `a, b and c`. */
export function enumerate(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`;
}
