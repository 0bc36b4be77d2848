/** How much of its processor a generator used while it counted. */
import type { CpuFigures, GeneratorHost, LoadMeasurement } from './engine.ts';

/**
 * CPU of the generator over the time that counts: from the end of the warm-up,
 * in which tools compile scripts and open connections, to the end of the run.
 */
export function meterCpu(host: GeneratorHost, skip_ms: number): { stop(): Promise<LoadMeasurement['generatorCpu']> } {
  const started = host.cpu();
  let warm: Promise<CpuFigures> | null = null;
  const timer = setTimeout(() => {
    warm = host.cpu();
    // Awaited by stop(); until then a failure must not count as unhandled.
    warm.catch(() => undefined);
  }, skip_ms);
  return {
    stop: async () => {
      clearTimeout(timer);
      const first = await (warm ?? started);
      const last = await host.cpu();
      return cpuShare(first, last);
    },
  };
}

/** Share of the allowed CPU that was used between two readings, 0–1. */
export function cpuShare(first: CpuFigures, last: CpuFigures): LoadMeasurement['generatorCpu'] {
  const span_ms = Math.max(1, last.at_ms - first.at_ms);
  const segments = first.tcp &&
    last.tcp && { sent: last.tcp.sent - first.tcp.sent, again: last.tcp.again - first.tcp.again };
  return {
    share: (last.used_ms - first.used_ms) / (span_ms * Math.max(last.cores, 0.001)),
    throttled_ms: last.throttled_ms - first.throttled_ms,
    othersShare:
      (last.machine.others_ms - first.machine.others_ms) / Math.max(1, last.machine.all_ms - first.machine.all_ms),
    ...(segments ? { resentShare: segments.again / Math.max(1, segments.sent + segments.again) } : {}),
  };
}
