/** Whether a backup is whole, was restored, and old ones went. Pure. */
import type { BackupContent } from '../operations/backup.ts';
import type { Judged } from '../runner/verdict.ts';
import { worstOf } from './procedure.ts';

/** How a restore ended when it did. */
export const RESTORED = 'restored';

/** What was seen of one backup; absent is what was not tried. */
export interface BackupSeen {
  /** Null when the script left no backup. */
  readonly content?: BackupContent | null;
  /** `restored`, or why not: the node that lost its configuration, and an empty gateway. */
  readonly node?: string;
  readonly spare?: string;
  /** Paths that the empty gateway answers in another way. */
  readonly differing?: readonly string[];
  /** Statuses that were compared. */
  readonly asked?: readonly string[];
  /** What the restored database holds. */
  readonly rows?: string;
  /** Ages in days of planted backups that the clean-up left. */
  readonly left?: readonly number[];
}

const FILES = ['keepalived.conf', 'nginx-config.tar.gz', 'ssl-certs.tar.gz'];
const DAYS_KEPT = 30;
/** Ages of planted backups, in days: the promised limit from both sides. */
export const PLANTED = [29, 30, 31, 40];

/** The documented files, with every file of the configuration in them. */
export function judgeContent({ content }: BackupSeen): Judged {
  if (content === undefined) return { verdict: 'inconclusive', reason: 'no backup was asked for' };
  if (content === null) return { verdict: 'deviates', reason: 'the script left no backup' };
  const absent = FILES.filter((name) => !content.files.includes(name));
  if (absent.length > 0) return { verdict: 'deviates', reason: `${absent.join(', ')} is not in the backup` };
  if (content.missing.length > 0)
    return { verdict: 'deviates', reason: `not in the backup: ${content.missing.slice(0, 5).join(', ')}` };
  return { verdict: 'conforms' };
}

/** The node itself runs on the restored configuration, and an empty gateway with the backup answers as the old one. */
export function judgeRestored({ node, spare, differing }: BackupSeen): Judged {
  if (node === undefined) return { verdict: 'inconclusive', reason: 'nothing was lost, and nothing restored' };
  if (node !== RESTORED) return { verdict: 'deviates', reason: node };
  if (spare === undefined) return { verdict: 'inconclusive', reason: 'no empty gateway was tried' };
  if (spare !== RESTORED) return { verdict: 'deviates', reason: spare };
  if (!differing) return { verdict: 'inconclusive', reason: 'no answers were compared' };
  return differing.length === 0
    ? { verdict: 'conforms' }
    : { verdict: 'deviates', reason: `answers differ: ${differing.join('; ')}` };
}

/** All of nginx, certificates and keepalived is in the backup, and comes back from it. */
export function judgeAllBackedUp(seen: BackupSeen): Judged {
  return worstOf([judgeContent(seen), judgeRestored(seen)]);
}

/** Backups of up to 30 days stay, older ones go. */
export function judgeRetention({ left, content }: BackupSeen): Judged {
  if (!left || !content) return { verdict: 'inconclusive', reason: 'the clean-up did not run' };
  const wrong = PLANTED.filter((day) => left.includes(day) !== day <= DAYS_KEPT);
  if (wrong.length === 0) return { verdict: 'conforms' };
  return { verdict: 'deviates', reason: `wrong for backups of ${wrong.join(' and ')} days` };
}
