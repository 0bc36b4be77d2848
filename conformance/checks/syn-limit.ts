import { exec } from '../../environments/harness/containers.ts';
import type { CaseContext } from '../context.ts';
import { mixed } from '../gateway.ts';
import type { Client, Gateway } from '../gateway.ts';
import { inconclusive, notApplicable, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, table } from './exchange.ts';
import { inTurnOfFloods } from './rate-limit-flood.ts';

/** A connection counts when it is answered within so long: a SYN that was dropped is sent again after a second. */
const SOON_MS = 900;
/** Ordinary clients: so many, each with a new connection a second. */
const CLIENTS = 10;
const SECONDS = 3;
/** One source that opens connections as fast as this. */
const FLOOD = { connections: 300, per_s: 150 } as const;
/** A filter that lets more of a flood through than this share does not mitigate it. */
const MITIGATED = 0.6;

/** Connections that were tried, and those that were answered soon. */
export interface Tried {
  readonly who: string;
  readonly tried: number;
  readonly opened: number;
}

/** What ordinary clients get of a gateway with the filter: alone, and beside a flood. */
export interface SynSeen {
  readonly rules: string;
  readonly alone: Tried;
  readonly beside: Tried;
  readonly flood: Tried;
}

const NO_RULES = 'this variant has no packet filter for its gateways';

/** Ordinary connections get through the filter. */
export async function loadPasses(context: CaseContext): Promise<Outcome> {
  const expected = `${String(CLIENTS)} clients with a new connection each second get all of them`;
  const seen = await synOnce(context);
  if (typeof seen === 'string') return notApplicable(expected, seen);
  return judgePasses(expected, seen, seen.alone);
}

/** A flood from one source is held back, and ordinary connections get through beside it. */
export async function floodHeldBack(context: CaseContext): Promise<Outcome> {
  const expected = `a source with ${String(FLOOD.per_s)} new connections a second is held back, and others get theirs`;
  const seen = await synOnce(context);
  if (typeof seen === 'string') return notApplicable(expected, seen);
  return together([judgeMitigated(seen), judgePasses('all connections of others beside it', seen, seen.beside)]);
}

/** Judges that every ordinary connection was opened. */
export function judgePasses(expected: string, seen: SynSeen, { tried, opened }: Tried): Outcome {
  return judged(
    opened === tried,
    expected,
    `${String(opened)} of ${String(tried)} connections opened within ${String(SOON_MS)} ms`,
    evidence(seen),
    'the filter counts the packets of all clients together: few of them use up what it lets through',
  );
}

/** Judges that the source of the flood got far less than it asked for; it must have asked for it. */
export function judgeMitigated(seen: SynSeen): Outcome {
  const { tried, opened } = seen.flood;
  const expected = `of ${String(FLOOD.connections)} connections at ${String(FLOOD.per_s)} a second most are dropped`;
  const observed = `${String(opened)} of ${String(tried)} opened`;
  if (tried < FLOOD.connections) return inconclusive(expected, observed, 'the flood was not sent', evidence(seen));
  return judged(opened < MITIGATED * tried, expected, observed, evidence(seen), 'the filter lets a flood through');
}

function evidence({ rules, alone, beside, flood }: SynSeen): Outcome['evidence'] {
  return [
    table(
      `connections that were answered within ${String(SOON_MS)} ms`,
      ['who', 'tried', 'opened'],
      [alone, flood, beside].map(({ who, tried, opened }) => [who, tried, opened]),
    ),
    { kind: 'config', title: 'packet filter of the gateways', text: rules },
  ];
}

const synOnce = (context: CaseContext): Promise<SynSeen | string> =>
  context.session.once('connections through the packet filter', () => tryFilter(context));

/** Loads the rules on a gateway of its own; answers why when that is not possible. */
async function tryFilter(context: CaseContext): Promise<SynSeen | string> {
  const text = await context.session.variantFile('firewall/gateway.rules');
  if (text === null) return NO_RULES;
  const rules = text.replace(/^#.*\n/gm, '').trim();
  const { gateway } = await context.session.standing({ backends: 'shared', freshNetwork: true });
  const commands = rules.split('\n').map((rule) => `iptables ${rule}`);
  const { exitCode, stderr } = await exec(gateway.service.containerId, ['sh', '-ec', commands.join('\n')], {
    user: 'root',
  });
  if (exitCode !== 0) return `this machine cannot load the rules: ${stderr.trim().slice(-200)}`;
  const alone = await connect(context, gateway, ordinary('clients alone', gateway, context));
  const [beside, flood] = await inTurnOfFloods(() =>
    Promise.all([
      connect(context, gateway, ordinary('clients beside the flood', gateway, context)),
      connect(context, gateway, {
        who: 'source of the flood',
        attempts: Array.from({ length: FLOOD.connections }, (_, n) => ({ at_ms: (n * 1000) / FLOOD.per_s })),
        clients: [context.client('clients', gateway)],
      }),
    ]),
  );
  return { rules, alone, beside, flood };
}

interface Attempts {
  readonly who: string;
  readonly attempts: readonly { readonly at_ms: number }[];
  /** In turn. */
  readonly clients: readonly Client[];
}

function ordinary(who: string, gateway: Gateway, context: CaseContext): Attempts {
  const clients = Array.from({ length: CLIENTS }, () => context.client('clients', gateway));
  const attempts = Array.from({ length: CLIENTS * SECONDS }, (_, n) => ({ at_ms: Math.round((n * 1000) / CLIENTS) }));
  return { who, attempts, clients };
}

/** Plain HTTP, a connection for each request: what counts is whether it opens. */
async function connect(context: CaseContext, gateway: Gateway, { who, attempts, clients }: Attempts): Promise<Tried> {
  const observations = await mixed(
    context.session.vantage,
    attempts.map(({ at_ms }, n) => ({
      client: clients[n % clients.length] ?? context.client('clients', gateway),
      path: '/',
      plain: true,
      at_ms: Math.round(at_ms),
      timeout_ms: SOON_MS,
    })),
  );
  return { who, tried: observations.length, opened: observations.filter(({ status }) => status !== null).length };
}
