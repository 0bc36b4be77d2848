/**
 * The first Ctrl-C (or SIGTERM) asks the run to end: it stops measuring, removes
 * what it started and writes a partial report. A second one ends the process at
 * once; the next start heals what is left then.
 */
export function onInterrupt(handler: (signal: NodeJS.Signals) => void): () => void {
  let asked = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(130);
    asked = true;
    process.stderr.write(
      '\nStopping: containers and networks are being removed, the report will say partial. Again to end at once.\n',
    );
    handler(signal);
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
}
