import ora from 'ora';

/** What a run says while it works: a live line on a terminal, plain lines elsewhere. */
export interface Progress {
  /** A new phase; `total` steps when they can be counted. */
  phase(text: string, total?: number): void;
  step(): void;
  /** Lines below the live one, asked for whenever it is shown; nothing without a terminal. */
  below(lines: () => readonly string[]): void;
  /** A line that stays. */
  note(text: string): void;
  done(): void;
}

/** Progress on standard error, so that standard output stays for results. */
export function startProgress(): Progress {
  const began = performance.now();
  const live = process.stderr.isTTY;
  const spinner = ora({ stream: process.stderr, isSilent: !live, discardStdin: false });
  let phase = '';
  let below: () => readonly string[] = () => [];
  let [steps, total] = [0, 0];
  const stamp = (): string => `${String(Math.round((performance.now() - began) / 1000)).padStart(4)} s`;
  const show = (): void => {
    const count = total > 0 ? ` ${String(steps)}/${String(total)}` : '';
    spinner.text = [`${stamp()}  ${phase}${count}`, ...below().map((text) => `          ${text}`)].join('\n');
  };
  const line = (text: string): void => {
    if (live) spinner.clear();
    process.stderr.write(`${stamp()}  ${text}\n`);
  };
  const timer = live ? setInterval(show, 500) : undefined;
  timer?.unref();
  if (live) spinner.start();
  return {
    phase(text, count = 0) {
      [phase, steps, total] = [text, 0, count];
      if (live) show();
      else line(text);
    },
    step() {
      steps += 1;
      // Without a terminal one line in ten steps says that it goes on.
      if (live) show();
      else if (steps % 50 === 0) line(`${phase}: ${String(steps)} done`);
    },
    below(lines) {
      below = lines;
    },
    note: line,
    done() {
      clearInterval(timer);
      spinner.stop();
    },
  };
}
