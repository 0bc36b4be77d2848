/**
 * Postgres is killed while requests run, and started again. The health of an instance
 * includes its database: each of them has to say so, and to recover by itself. Payments
 * go on meanwhile, and are counted afterwards: one that was acknowledged must be there.
 */
import { randomUUID } from 'node:crypto';
import { containerKill } from '../../faults/container-kill.ts';
import { failureEvidence, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData, TrialWatch } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { mustRun } from '../../operations/commands.ts';
import { accountWrites } from '../../judgements/writes.ts';
import { customerSeries, paymentSeries } from '../../traffic/api-series.ts';

const STORE = 'postgres-1';
const SEEN_FROM = 'gateway-1';
const CLAIM = 'production-gateway.health.backend-db-check';
const INSTANCES = ['admin-1', 'admin-2', 'admin-3', 'admin-4', ...[1, 2, 3, 4, 5, 6].map((n) => `customer-${n}`)];
/** Documented time within which the health of an instance has to show it. */
const WITHIN_MS = 10_000;
const RECOVERED_TIMEOUT_MS = 15_000;
/** A health check waits up to 3 s for its database. */
const PATIENCE_S = '5';
const DOWN = 'health without the database:';
const UP = 'health with the database again:';
const PAYMENTS = 'payments';
const STORED = 'keys of stored payments';
const KEYS = 'select idempotency_key from business_record where idempotency_key like';
/** Tells the payments of one trial from all others. */
let keyPrefix = '';

export default experiment({
  title: 'Postgres killed and started again',
  hypothesis: 'Instances say that their database is gone, and are well again by themselves when it is back.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => {
    keyPrefix = randomUUID();
    return [
      customerSeries(target, { name: 'customers', interval_ms: 50, timeout_ms: 8_000 }),
      paymentSeries(target, { name: PAYMENTS, keyPrefix, interval_ms: 100, timeout_ms: 8_000 }),
    ];
  },
  method: [containerKill(STORE, { command: ['pg_isready', '-h', '127.0.0.1', '-U', 'gateproof', '-d', 'gateproof'] })],
  // Instances that say that they are well and ask nobody.
  sabotage: [misbehave(INSTANCES, { status: 200, body: '{"status":"healthy"}', paths: ['/health'] })],
  blastRadius: [STORE, ...INSTANCES],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: (watch) => tellHealth(watch, DOWN, WITHIN_MS, (statuses) => statuses.every((status) => status !== '200')),
  recover: (watch) =>
    tellHealth(watch, UP, RECOVERED_TIMEOUT_MS, (statuses) => statuses.every((status) => status === '200')),
  collect: async (target) => {
    const query = `${KEYS} '${keyPrefix}%'`;
    const rows = await mustRun(target, STORE, ['psql', '-U', 'gateproof', '-d', 'gateproof', '-Atc', query]);
    return { texts: { [STORED]: rows.trim().split('\n') } };
  },
  judge: (trials) => [judgeHealth(trials)],
});

/** Asks all instances until they agree or the time is over, and notes what they said last. */
async function tellHealth(
  watch: TrialWatch,
  what: string,
  limit_ms: number,
  enough: (statuses: readonly string[]) => boolean,
): Promise<void> {
  let last: readonly string[] = [];
  const until_ms = watch.now_ms() + limit_ms;
  await waitFor(what, 2 * limit_ms, async () => {
    last = await health(watch);
    return enough(last) || watch.now_ms() > until_ms;
  });
  watch.note('instances', `${what} ${last.join(' ')}`);
}

async function health({ target }: TrialWatch): Promise<readonly string[]> {
  const asked = INSTANCES.flatMap((name, i) => {
    const { address, port } = target.endpoint(name);
    const once = ['-s', '-o', '/dev/null', '-m', PATIENCE_S, '-w', '%{urlnum} %{http_code}\\n'];
    return [...(i > 0 ? ['--next'] : []), ...once, `http://${address}:${port}/health`];
  });
  const { stdout } = await target.exec(SEEN_FROM, ['curl', '-Z', '--parallel-immediate', ...asked]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}

function judgeHealth(trials: readonly TrialData[]): ClaimJudgement {
  const statuses = (what: string): readonly string[] =>
    trials.flatMap((one) =>
      one.trial.timeline
        .filter((event) => event.what.startsWith(what))
        .flatMap((event) => event.what.slice(what.length + 1).split(' ')),
    );
  const [down, up] = [statuses(DOWN), statuses(UP)];
  const common = {
    claim: CLAIM,
    expected: `within ${WITHIN_MS / 1_000} s no instance answers 200 on /health without its database; all do when it is back`,
    observed: `without: ${down.join(' ') || '?'}; with it again: ${up.join(' ') || '?'}; ${tellFailures(trials)}; ${trials.map(tellPayments).join('; ')}`,
    evidence: failureEvidence(trials),
  };
  if (down.includes('200')) {
    const reason = 'an instance says that it is well without asking its database';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  const whole = down.length === INSTANCES.length * trials.length && up.length === down.length;
  if (invalid !== undefined || !whole)
    return { ...common, verdict: 'inconclusive', reason: invalid ?? 'some instances could not be asked' };
  if (up.some((status) => status !== '200'))
    return { ...common, verdict: 'deviates', reason: 'an instance did not find its database again by itself' };
  return { ...common, verdict: 'conforms' };
}

/** Acknowledged payments against stored ones: told, for the promise is about health. */
function tellPayments({ series, collected }: TrialData): string {
  const account = accountWrites(series[PAYMENTS] ?? [], collected[STORED] ?? []);
  const { kept, acknowledgedButLost, lost, storedUnacknowledged, duplicated } = account;
  return (
    `payments: ${kept.length} acknowledged and stored, ${acknowledgedButLost.length} acknowledged and lost, ` +
    `${lost.length} refused, ${storedUnacknowledged.length} stored without an answer, ${duplicated.length} stored twice`
  );
}
