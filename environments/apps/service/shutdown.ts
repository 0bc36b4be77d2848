import type { Log } from './log.ts';

/**
 * Ends the process gracefully on SIGINT, SIGTERM or PM2's message `shutdown`:
 * answers under way may finish, but no longer than `timeout_ms`.
 */
export function onShutdown(stop: () => Promise<void>, timeout_ms: number, log: Log): void {
  let stopping = false;
  const begin = (cause: string): void => {
    if (stopping) return;
    stopping = true;
    log('info', { message: `stopping: ${cause}` });
    setTimeout(() => {
      log('warn', { message: `still busy after ${String(timeout_ms)} ms, ends now` });
      process.exit(1);
    }, timeout_ms).unref();
    void stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', { message: String(error) });
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', () => begin('SIGINT'));
  process.on('SIGTERM', () => begin('SIGTERM'));
  process.on('message', (message) => {
    if (message === 'shutdown') begin('shutdown message');
  });
}
