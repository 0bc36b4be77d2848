/**
 * A gateway node loses its configuration, and gets it back from the backup that its own
 * script has made. The same backup makes a gateway of an empty container, which answers
 * as the other node does. The database is dumped and restored beside it, under writes.
 */
import { configurationLost } from '../../faults/configuration-lost.ts';
import { idleTool } from '../../faults/idle-tool.ts';
import {
  judgeAllBackedUp,
  judgeContent,
  judgeRestored,
  judgeRetention,
  PLANTED,
  RESTORED,
} from '../../judgements/backup.ts';
import type { BackupSeen } from '../../judgements/backup.ts';
import { overTrials } from '../../judgements/procedure.ts';
import { answersOf, differences } from '../../operations/answers.ts';
import {
  BACKUP_TOOL,
  lookAtBackup,
  makeBackup,
  plantBackups,
  plantedLeft,
  removeBackups,
  restoreBackup,
  restoreElsewhere,
} from '../../operations/backup.ts';
import { databaseRestored } from '../../operations/database-backup.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData, TrialWatch } from '../../runner/experiment.ts';
import type { Judged } from '../../runner/verdict.ts';
import { waitFor } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const RESTORE = 'production-gateway.disaster-recovery.restore';
const CONTENT = 'production-gateway.disaster-recovery.backup-content';
const CONFIG_BACKUP = 'production-gateway.disaster-recovery.config-backup';
const RETENTION = 'production-gateway.disaster-recovery.retention-30d';

const NODE = 'gateway-2';
const OTHER = 'gateway-1';
/** An empty gateway of the experiment's own. */
const SPARE = 'gateway-restored';
const SEEN = 'backup';
const START_TIMEOUT_MS = 15_000;

let folder: string | null = null;
let seen: BackupSeen = {};

export default experiment({
  title: 'Backup and restore of a gateway',
  hypothesis: 'A gateway that lost its configuration is restored from its backup and answers as before.',
  verifies: [RESTORE, CONTENT, CONFIG_BACKUP, RETENTION],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [
    customerSeries(target, { name: 'customer reads', interval_ms: 100, timeout_ms: 8_000 }),
    customerSeries(target, {
      name: 'bookings',
      method: 'POST',
      path: '/api/v1/consultations',
      interval_ms: 100,
      timeout_ms: 8_000,
      expect: [201],
    }),
  ],
  // Clients are served by the first node: what happens to the second one is the procedure's alone.
  prepare: async (target) => {
    await plantBackups(target, NODE, PLANTED);
    folder = await makeBackup(target, NODE);
    const content = folder === null ? null : await lookAtBackup(target, NODE, folder);
    seen = { content, left: await plantedLeft(target, NODE) };
  },
  method: [configurationLost(NODE)],
  sabotage: [idleTool([NODE], BACKUP_TOOL)],
  blastRadius: [NODE],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 5 },

  observe: async (watch) => {
    const { exitCode } = await watch.target.exec(NODE, ['test', '-e', '/etc/nginx/nginx.conf']);
    if (exitCode === 0) return;
    await restore(watch);
    const rows = await databaseRestored(watch.target);
    watch.note('procedure', `database dumped and restored: ${rows}`);
    seen = { ...seen, rows };
  },
  recover: async (watch) => {
    await waitFor('an answer', 30_000, () => watch.probes().at(-1)?.ok ?? false);
  },
  collect: async (target) => {
    await target.removeOwn(SPARE);
    await removeBackups(target, NODE);
    return { texts: { [SEEN]: [JSON.stringify(seen)] } };
  },
  judge: (trials) => {
    const all = trials.map(seenIn);
    const told = (tell: (one: BackupSeen) => string): string => all.map(tell).join('; ');
    const judged = (claim: string, judge: (one: BackupSeen) => Judged, expected: string, observed: string) => ({
      claim,
      ...overTrials(trials, (one) => judge(seenIn(one))),
      expected,
      observed,
      evidence: all.map((one) => ({
        kind: 'log' as const,
        title: 'What was backed up and restored',
        lines: JSON.stringify(one, null, 1).split('\n'),
      })),
    });
    return [
      judged(
        RESTORE,
        judgeRestored,
        `${NODE} runs on what was restored; an empty gateway with the backup alone answers as ${OTHER} does`,
        told(({ rows, ...one }) => `${tellRestored(one)}; database: ${rows ?? 'not tried'}`),
      ),
      judged(
        CONTENT,
        judgeContent,
        'nginx-config.tar.gz, ssl-certs.tar.gz and keepalived.conf, with every file of the configuration and the programs that keepalived runs',
        told(tellContent),
      ),
      judged(
        CONFIG_BACKUP,
        judgeAllBackedUp,
        'nginx, certificates and keepalived are in the backup, and come back from it',
        told((one) => `${tellContent(one)}; ${tellRestored(one)}`),
      ),
      judged(
        RETENTION,
        judgeRetention,
        `of backups that are ${PLANTED.join(', ')} days old those of up to 30 days stay`,
        told(({ left }) => `left: those of ${left?.join(' and ') ?? 'unknown'} days`),
      ),
    ];
  },
});

async function restore(watch: TrialWatch): Promise<void> {
  const { target } = watch;
  if (folder === null) {
    seen = { ...seen, node: 'there is no backup' };
    return;
  }
  const node = (await restoreBackup(target, NODE, folder)) ?? RESTORED;
  watch.note('procedure', `${NODE}: ${node}`);
  const address = await target.startOwn({ name: SPARE, image: 'gateway', command: ['sleep', 'infinity'] });
  const spare = (await restoreElsewhere(target, NODE, folder, SPARE)) ?? RESTORED;
  watch.note('procedure', `${SPARE}: ${spare}`);
  seen = { ...seen, node, spare };
  if (spare !== RESTORED) return;
  const listens = async (): Promise<boolean> =>
    (await target.exec(SPARE, ['sh', '-c', "ss -Hltn 'sport = :443' | grep -q ."])).exitCode === 0;
  await waitFor(`${SPARE} listens`, START_TIMEOUT_MS, listens);
  const old = await answersOf(target, target.addresses(OTHER)['backend'] ?? '');
  const differing = differences(old, await answersOf(target, address));
  seen = { ...seen, differing, asked: old.map(({ path, head }) => `${path}: ${head[0] ?? ''}`) };
}

function tellContent({ content }: BackupSeen): string {
  if (!content) return 'no backup';
  return `${content.files.join(', ')}; ${content.missing.length} of ${content.expected} files missing`;
}

const tellRestored = ({ node, spare, differing, asked }: BackupSeen): string =>
  `${NODE}: ${node ?? 'not tried'}; empty gateway: ${spare ?? 'not tried'}, ${differing?.length ?? 'none'} of ${asked?.length ?? 0} answers differ`;

function seenIn(one: TrialData): BackupSeen {
  return JSON.parse(one.collected[SEEN]?.[0] ?? '{}') as BackupSeen;
}
