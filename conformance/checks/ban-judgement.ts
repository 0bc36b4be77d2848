import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { table } from './exchange.ts';
import type { Ban, Fail2ban } from './fail2ban.ts';

/** What a document promises of bans; a number that it does not give is not looked at. */
export interface BanPromise {
  /** What an address is banned for, in the plural. */
  readonly what: string;
  readonly maxretry?: number;
  readonly findtime_s?: number;
  readonly bantime_s: number;
  /** A ban is in force so long after the last failure, s. */
  readonly within_s?: number;
}

/** One of the addresses. */
export interface Address {
  readonly address: string;
  /** Failures that it was told of. */
  readonly failures: number;
}

/** A ban that was made short, to see its end. */
export interface Lifted {
  /** How long it was to last, s. */
  readonly bantime_s: number;
  /** False when the second address was not banned. */
  readonly began: boolean;
  /** From the first refused connection to the first that was served again, ms; null when that was never seen. */
  readonly lasted_ms: number | null;
}

/** What became of an address with many failures, of one with few, and of one with none. */
export interface BanSeen {
  readonly fail2ban: Pick<Fail2ban, 'running' | 'complaints' | 'jails' | 'config'>;
  /** All three were served at the beginning. */
  readonly servedBefore: boolean;
  readonly many: Address;
  readonly few: Address;
  /** From the last failure to the first refused connection, ms; null when none was refused. */
  readonly bannedAfter_ms: number | null;
  /** How long refused connections were waited for, ms. */
  readonly looked_ms: number;
  /** Ports that the address with many failures could still connect to, after all that. */
  readonly openPorts: readonly number[];
  /** Whether a connection from before the ban was still answered after it; null when the ban came too late to tell. */
  readonly heldAnswered: boolean | null;
  readonly fewServed: boolean;
  readonly bystanderServed: boolean;
  /** The first address on the lists. */
  readonly ban: Ban | undefined;
  /** Undefined when nobody was banned. */
  readonly lifted: Lifted | undefined;
  /** Lines of nginx's error log about the address with many failures. */
  readonly logged: readonly string[];
  readonly rules: readonly string[];
  readonly log: readonly string[];
}

/** Failures that are read after the ban prolong it, so that it counts from the last one. s */
const PROLONGED_S = 10;
/** Fail2ban looks each second for bans that have ended; the rest is for a busy machine. ms */
const LIFT_SLACK_MS = 5000;

/**
 * Judges that many failures ban an address, on every port, for as long as promised, and
 * nobody else. Failures that were not caused say nothing.
 */
export function judgeBan(promise: BanPromise, seen: BanSeen): Outcome {
  const { what, maxretry, bantime_s } = promise;
  const { many, few, bannedAfter_ms } = seen;
  const expected =
    `an address with more than ${maxretry === undefined ? 'a few' : String(maxretry)} ${what} is banned` +
    `${promise.findtime_s === undefined ? '' : ` when they come within ${String(promise.findtime_s)} s`}, ` +
    `for ${String(bantime_s)} s; one with few of them is not`;
  const observed = told(what, seen);
  const unsound = unsoundness(promise, seen);
  if (unsound !== undefined) return inconclusive(expected, observed, unsound, evidence(what, seen));
  const faults = banFaults(promise, seen);
  const late = bannedAfter_ms !== null && lateFault(promise, bannedAfter_ms);
  const all = [...faults, ...(late ? [late] : [])];
  const outcome = judge(
    all.length === 0,
    expected,
    all.length === 0 ? observed : `${all.join('; ')} (${String(many.failures)} and ${String(few.failures)} ${what})`,
    evidence(what, seen),
    mechanism(seen),
  );
  return all.length > 0 && faults.length === 0 ? { ...outcome, onlyLate: true } : outcome;
}

/** Why the measurement says nothing; undefined when it does. */
function unsoundness({ what, maxretry = 1 }: BanPromise, seen: BanSeen): string | undefined {
  const { many, few, bannedAfter_ms } = seen;
  if (!seen.servedBefore) return 'not every address was served at the beginning';
  if (bannedAfter_ms === null && many.failures <= maxretry) return `the ${what} could not be caused`;
  if (few.failures === 0) return `the address with few ${what} had none`;
  if (maxretry > 1 && few.failures >= maxretry) return `the address with few ${what} had as many as ban`;
  return undefined;
}

/** Whatever is not as promised, but for the time that it took. */
function banFaults(promise: BanPromise, seen: BanSeen): string[] {
  const { bannedAfter_ms, ban, lifted } = seen;
  const others = [
    ...(seen.fewServed ? [] : [`an address with ${String(seen.few.failures)} ${promise.what} was banned too`]),
    ...(seen.bystanderServed ? [] : ['an address without any was refused']),
  ];
  if (bannedAfter_ms === null)
    return [`not banned: still served ${(seen.looked_ms / 1000).toFixed(0)} s after the last`, ...others];
  return [
    ...others,
    ...seen.openPorts.map((port) => `port ${String(port)} stayed open`),
    ...(seen.heldAnswered === true ? ['a connection from before was answered'] : []),
    ...(ban === undefined ? ['it stands on no list of bans'] : listFaults(promise, ban, seen)),
    ...(lifted === undefined ? [] : liftFaults(lifted)),
  ];
}

/** The ban as the server lists it, and the jail that made it. */
function listFaults(promise: BanPromise, ban: Ban, { fail2ban }: BanSeen): string[] {
  const jail = fail2ban.jails.find(({ name }) => name === ban.jail);
  const beyond_s = ban.lasts_s - promise.bantime_s;
  const numbers = [
    ['ban', 's', promise.bantime_s, beyond_s >= 0 && beyond_s <= PROLONGED_S ? promise.bantime_s : ban.lasts_s],
    ['findtime', 's', promise.findtime_s, jail?.findtime_s],
    ['maxretry', 'failures', promise.maxretry, jail?.maxretry],
  ] as const;
  return numbers.flatMap(([name, unit, promised, is]) =>
    promised === undefined || promised === is
      ? []
      : [`${name} of ${String(is)} ${unit} instead of ${String(promised)}`],
  );
}

function liftFaults({ bantime_s, began, lasted_ms }: Lifted): string[] {
  if (!began) return ['a second address was not banned'];
  const short = `a ban of ${String(bantime_s)} s`;
  if (lasted_ms === null) return [`${short} did not end`];
  const [least, most] = [(bantime_s * 1000) / 2, bantime_s * 1000 + LIFT_SLACK_MS];
  return lasted_ms >= least && lasted_ms <= most ? [] : [`${short} lasted ${(lasted_ms / 1000).toFixed(1)} s`];
}

function lateFault({ within_s }: BanPromise, after_ms: number): string | undefined {
  if (within_s === undefined || after_ms <= within_s * 1000) return undefined;
  return `banned ${(after_ms / 1000).toFixed(1)} s after the last instead of ${String(within_s)} s`;
}

/** What was seen when all is as promised. */
function told(what: string, { many, few, bannedAfter_ms, ban, lifted }: BanSeen): string {
  const counts = `${String(many.failures)} ${what}, beside an address with ${String(few.failures)}`;
  if (bannedAfter_ms === null) return `${counts}: no ban`;
  const length =
    typeof lifted?.lasted_ms !== 'number'
      ? ''
      : `; one of ${String(lifted.bantime_s)} s ended after ${(lifted.lasted_ms / 1000).toFixed(1)} s`;
  return `${counts}: banned after ${(bannedAfter_ms / 1000).toFixed(1)} s for ${String(ban?.lasts_s ?? 0)} s by ${ban?.jail ?? 'nobody'}${length}`;
}

function mechanism({ fail2ban, bannedAfter_ms }: BanSeen): string | undefined {
  const said = fail2ban.complaints.join('; ');
  if (!fail2ban.running) return `Fail2ban does not start: ${said}`;
  if (bannedAfter_ms !== null) return undefined;
  return said === '' ? 'no jail counts these failures' : `Fail2ban leaves a jail out: ${said}`;
}

function evidence(what: string, seen: BanSeen): Outcome['evidence'] {
  const { many, few, fail2ban, heldAnswered, openPorts, lifted } = seen;
  const jails = fail2ban.jails.map(
    ({ name, maxretry, findtime_s, bantime_s }) =>
      `${name}: ${String(maxretry)} in ${String(findtime_s)} s, ${String(bantime_s)} s`,
  );
  return [
    table(
      'bans',
      ['what', 'seen'],
      [
        ['Fail2ban', fail2ban.running ? `runs; ${jails.join(', ') || 'no jail'}` : 'does not run'],
        [what, `${String(many.failures)} from ${many.address}, ${String(few.failures)} from ${few.address}`],
        ['lines of the error log about the first', seen.logged.length],
        ['ports that stayed open', openPorts.join(', ') || 'none'],
        ['connection from before', heldAnswered === null ? 'not known' : heldAnswered ? 'answered' : 'not answered'],
        ['address with few', seen.fewServed ? 'served' : 'refused'],
        ['address without any', seen.bystanderServed ? 'served' : 'refused'],
        [
          'ban made short',
          lifted === undefined ? 'none' : `${String(lifted.bantime_s)} s in place of the configured time`,
        ],
      ],
    ),
    { kind: 'config', title: 'jail.local', text: fail2ban.config },
    { kind: 'log', title: 'what Fail2ban said', lines: [...fail2ban.complaints, ...seen.log].slice(0, 30) },
    { kind: 'log', title: 'the last lines of the error log about the first', lines: seen.logged.slice(-2) },
    { kind: 'log', title: 'its rules', lines: [...seen.rules] },
  ];
}
