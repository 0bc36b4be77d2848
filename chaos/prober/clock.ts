/** Milliseconds on the kernel's monotonic clock, which all containers of one kernel share. */
export function now_ms(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
