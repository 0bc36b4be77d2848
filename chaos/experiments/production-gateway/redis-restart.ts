/**
 * Redis with the settings of the variant (a Redis of the experiment's own: the shared
 * one keeps nothing on disk) gets 1,000 keys, is killed and started again. Without an
 * append-only file it has what its last snapshot had, and a snapshot takes minutes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerKill } from '../../faults/container-kill.ts';
import { mustRun } from '../../operations/commands.ts';
import { logEvidence } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import type { Fault } from '../../runner/fault.ts';
import type { ChaosTarget } from '../../runner/target.ts';
import { waitFor } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const NAME = 'redis-kept';
const CLAIM = 'production-gateway.data-stores.redis-persistence';
const KEYS = 1_000;
const START_TIMEOUT_MS = 10_000;
const KEPT = 'keys after the restart:';
const CONF = '/etc/redis/variant.conf';
/** The document gives no configuration: what Redis does without one. */
const STOCK = '# no configuration: the defaults of Redis\n';

const ready = { command: ['redis-cli', 'ping'] };
const loss = containerKill(NAME, ready);
const sized = `for i in $(seq ${KEYS}); do echo "SET kept:$i $i"; done | redis-cli | grep -c OK`;

/** Redis of the variant, started before the steady state and removed after the trial. */
const ownRedis: Fault = {
  name: `own-container ${NAME}`,
  services: [],
  undo: async () => [],
  inject: async (target) => {
    await target.startOwn({
      name: NAME,
      image: 'redis',
      command: ['redis-server', CONF, '--bind', '0.0.0.0', '--protected-mode', 'no'],
      files: [{ path: CONF, content: settingsOf(target.variant) }],
    });
  },
  proveEffect: async (target) => {
    await waitFor(
      `${NAME} ready`,
      START_TIMEOUT_MS,
      async () => (await target.exec(NAME, ready.command)).exitCode === 0,
    );
    return 'answers PING';
  },
  proveRemoval: async () => 'goes with the run',
};

/** Keeps nothing on disk from now on; goes with its container. */
const forgetful: Fault = {
  name: `${NAME} keeps nothing`,
  services: [NAME],
  undo: async () => [],
  inject: async (target) => {
    await mustRun(target, NAME, ['sh', '-c', "redis-cli config set appendonly no && redis-cli config set save ''"]);
  },
  proveEffect: async (target) => {
    const kept = await mustRun(target, NAME, ['redis-cli', 'config', 'get', 'appendonly']);
    if (!/^no$/m.test(kept)) throw new Error(`${NAME} still keeps an append-only file`);
    return 'no append-only file, no snapshots';
  },
  proveRemoval: async () => 'goes with the run',
};

export default experiment({
  title: 'Redis killed and started again',
  hypothesis: 'What was written is there again: snapshots and the append-only file keep it.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 50, timeout_ms: 8_000 })],
  stage: [ownRedis],
  // The keys have to be there before Redis dies: observe injects.
  method: [],
  sabotage: [forgetful],
  blastRadius: [NAME],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async (watch) => {
    const written = await watch.target.exec(NAME, ['sh', '-c', sized]);
    watch.note(NAME, `${written.stdout.trim()} keys acknowledged`);
    await watch.inject(loss);
    await watch.revert(loss);
    const { stdout } = await watch.target.exec(NAME, ['sh', '-c', "redis-cli --scan --pattern 'kept:*' | wc -l"]);
    watch.note(NAME, `${KEPT} ${stdout.trim()}`);
  },
  recover: async () => {},
  collect: async (target) => {
    const { stdout } = await target.exec(NAME, [
      'sh',
      '-c',
      'redis-cli config get save; redis-cli config get appendonly',
    ]);
    await target.removeOwn(NAME);
    return { texts: { 'Redis settings': stdout.trim().split('\n') } };
  },
  judge: (trials) => [judgeKept(trials)],
});

function settingsOf(variant: ChaosTarget['variant']): string {
  const file = join(import.meta.dirname, '../../../environments/production-gateway', variant, 'redis/redis.conf');
  return existsSync(file) ? readFileSync(file, 'utf8') : STOCK;
}

function judgeKept(trials: readonly TrialData[]): ClaimJudgement {
  const kept = trials.flatMap((one) =>
    one.trial.timeline.filter(({ what }) => what.startsWith(KEPT)).map(({ what }) => Number(what.slice(KEPT.length))),
  );
  const settings = trials.flatMap((one) => one.collected['Redis settings'] ?? []);
  const common = {
    claim: CLAIM,
    expected: `${KEYS} of ${KEYS} keys after SIGKILL and a start; snapshots and append-only file switched on`,
    observed: `${kept.join(', ') || 'no'} keys; ${settings.join(' ')}`,
    evidence: logEvidence(trials),
  };
  if (kept.some((count) => count < KEYS)) {
    const reason =
      'Redis was not told to keep an append-only file: after a crash it has what the last snapshot had, and the defaults take one after a minute at the earliest';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined || kept.length === 0)
    return { ...common, verdict: 'inconclusive', reason: invalid ?? 'the keys could not be counted' };
  if (!settings.includes('yes'))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'the keys came back without an append-only file: by a snapshot alone',
    };
  return { ...common, verdict: 'conforms' };
}
