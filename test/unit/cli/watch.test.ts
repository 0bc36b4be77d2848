import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { onStopKey } from '../../../cli/run/keys.ts';
import { Watch, watchLines } from '../../../cli/run/watch.ts';
import type { Watched, WatchState } from '../../../cli/run/watch.ts';

const WATCHED: Watched = {
  title: 'Losing a node',
  trials: 10,
  hypothesis: { availability_min: 0.99, latency_ms_p95_max: 500 },
  faultLimit_s: 300,
};
const STATE: WatchState = {
  ...WATCHED,
  trial: 2,
  phase: 'observe',
  phaseFrom_ms: 10_000,
  faultFrom_ms: 8_000,
  figures: { ended: 100, availability: 0.4, latency_ms_p95: 12.4 },
};

describe('what is shown', () => {
  test('phase, fault and steady state, each with its time or its bound', () => {
    expect(watchLines(STATE, 13_000)).toEqual([
      'Losing a node, trial 2 of 10',
      'observe: 3 s',
      'a fault is in for 5 s; the watchdog undoes it in 295 s at the latest',
      'last second: ✘ 40.0 % answered (steady from 99 %), ✔ p95 12 ms (up to 500 ms)',
      'q undoes everything and ends the run',
    ]);
  });

  test('without a fault, without a probe, without an answer', () => {
    const calm = watchLines({ ...STATE, faultFrom_ms: null, figures: null }, 13_000);
    expect(calm).toContain('no fault is in');
    expect(calm).toContain('no probe has ended yet');
    const silent = { ended: 5, availability: 0, latency_ms_p95: Number.NaN };
    expect(watchLines({ ...STATE, figures: silent }, 13_000).join()).toContain('✘ no answer');
  });

  test('a fault is in from its injection until its removal was proved', () => {
    let lines: () => readonly string[] = () => [];
    const watch = new Watch({ below: (given) => (lines = given) });
    expect(lines()).toEqual([]);
    watch.begin(WATCHED);
    expect(lines().join()).toContain('no fault is in');
    watch.phase(1, 'inject');
    watch.phase(1, 'observe');
    expect(lines().join()).toContain('a fault is in');
    watch.phase(1, 'prove removal');
    expect(lines().join()).toContain('a fault is in');
    watch.phase(1, 'recover');
    expect(lines().join()).toContain('no fault is in');
    watch.end();
    expect(lines()).toEqual([]);
  });
});

class Terminal extends EventEmitter {
  readonly isTTY = true;
  raw = false;
  setRawMode(raw: boolean): void {
    this.raw = raw;
  }
  resume(): void {
    return;
  }
  pause(): void {
    return;
  }
}

describe('the key that stops', () => {
  test('q and Ctrl-C stop, other keys do not, and the terminal is given back', () => {
    const terminal = new Terminal();
    let stops = 0;
    const giveBack = onStopKey(() => (stops += 1), terminal);
    expect(terminal.raw).toBe(true);
    terminal.emit('data', Buffer.from('x'));
    expect(stops).toBe(0);
    terminal.emit('data', Buffer.from('q'));
    terminal.emit('data', Buffer.from('\u0003'));
    expect(stops).toBe(2);
    giveBack();
    expect(terminal.raw).toBe(false);
    terminal.emit('data', Buffer.from('q'));
    expect(stops).toBe(2);
  });
});
