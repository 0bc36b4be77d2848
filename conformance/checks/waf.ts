import type { ConfigEdit } from '../../environments/harness/types.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { asExchange } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway, Planned } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Sample } from './attack-corpus.ts';
import { rawHead, rawStatus } from './raw-request.ts';

/** Requests that one client sends: few enough for every limit, and for a firewall that remembers addresses. */
const PER_CLIENT = 4;

/** What came of one request of a corpus. */
export interface Tried {
  readonly name: string;
  readonly mark: string;
  readonly status: number | null;
  /** Requests that reached the API pools. */
  readonly arrivals: number;
  readonly evidence: Evidence;
}

/** Sends a corpus from several clients. */
export async function tried(
  context: CaseContext,
  corpus: readonly Sample[],
  gateway: Gateway = context.gateway,
): Promise<Tried[]> {
  const series = marker('waf');
  const clients = Array.from({ length: Math.ceil(corpus.length / PER_CLIENT) }, () =>
    context.client('clients', gateway),
  );
  const plan = corpus.map(({ request }, index) => {
    const client = clients[Math.floor(index / PER_CLIENT)];
    if (!client) throw new RangeError('there are too few clients');
    const planned: Planned = { ...request(`${series}-${String(index)}z`), at_ms: index * 15 };
    return { client, ...planned };
  });
  const seen = await mixed(context.session.vantage, plan);
  const arrivals = (await context.arrivals(series)).filter(({ service }) => service !== 'auth');
  return corpus.map(({ name }, index) => {
    const [one, planned] = [seen[index], plan[index]];
    if (!one || !planned) throw new Error('the agent returned too few observations');
    const mark = `${series}-${String(index)}z`;
    return {
      name,
      mark,
      ...summary(one),
      arrivals: arrivals.filter(({ url }) => url.includes(mark)).length,
      evidence: asExchange(planned.client.step(planned, index), one),
    };
  });
}

function summary({ status }: HttpObservation): { readonly status: number | null } {
  return { status };
}

/** A null byte as it is, in the value of a header. */
export async function rawNullByte(context: CaseContext): Promise<Tried> {
  const client = context.client();
  const mark = marker('nul');
  const step = {
    writes: [
      {
        after_ms: 0,
        utf8: rawHead(client, {
          path: `/api/v1/files/${mark}`,
          headers: { 'x-name': 'a\u0000b', connection: 'close' },
        }),
      },
    ],
    until: 'first-byte' as const,
    timeout_ms: 15_000,
  };
  const seen = await client.raw(step);
  const arrivals = (await context.arrivals(mark)).filter(({ service }) => service !== 'auth');
  return {
    name: 'as a raw byte in a header',
    mark,
    status: rawStatus(seen.received_base64) ?? null,
    arrivals: arrivals.length,
    evidence: asExchange(
      { kind: 'raw', id: '0', at_ms: 0, from: client.address, target: client.target, ...step },
      seen,
    ),
  };
}

/** Attacks that were not refused with the status, or reached a backend all the same. */
export function passedAttacks(status: number, attacks: readonly Tried[]): Tried[] {
  return attacks.filter((one) => one.status !== status || one.arrivals > 0);
}

/** Harmless requests that were not answered by a backend. */
export function stoppedBenign(benign: readonly Tried[]): Tried[] {
  return benign.filter((one) => one.status !== 200 || one.arrivals === 0);
}

/** Attacks are refused and reach no backend; harmless requests are served. */
export function judgeBlocking(status: number, attacks: readonly Tried[], benign: readonly Tried[]): Outcome {
  const [passed, stopped] = [passedAttacks(status, attacks), stoppedBenign(benign)];
  const shown = passed[0] ?? stopped[0] ?? attacks[0];
  const holds = passed.length === 0 && stopped.length === 0;
  return judge(
    holds,
    `${String(attacks.length)} attacks refused with ${String(status)} and kept from backends${benign.length === 0 ? '' : `, ${String(benign.length)} harmless requests served`}`,
    `${String(attacks.length - passed.length)} of ${String(attacks.length)} attacks refused${listed(passed)}` +
      (benign.length === 0
        ? ''
        : `; ${String(benign.length - stopped.length)} of ${String(benign.length)} harmless requests served${listed(stopped)}`),
    [corpusTable([...attacks, ...benign]), ...(shown ? [shown.evidence] : [])],
    passed.length === attacks.length ? 'nothing in the configuration looks into requests' : undefined,
  );
}

function listed(rows: readonly Tried[]): string {
  if (rows.length === 0) return '';
  const names = rows.slice(0, 4).map(({ name, status }) => `${name}: ${String(status ?? 'no answer')}`);
  return ` (not: ${names.join(', ')}${rows.length > 4 ? ` and ${String(rows.length - 4)} more` : ''})`;
}

function corpusTable(rows: readonly Tried[]): Evidence {
  return {
    kind: 'table',
    title: 'corpus',
    columns: ['request', 'status', 'reached backends'],
    rows: rows.map(({ name, status, arrivals }) => [name, status ?? 'no answer', arrivals]),
  };
}

/** The firewall's switch, as ModSecurity knows it: from blocking to detecting. */
export const toDetection: ConfigEdit = (_path, text) =>
  text.replace(/^(\s*SecRuleEngine\s+)On\b/gim, '$1DetectionOnly');

/** What the same attacks did to a gateway in staging. */
export interface Staging {
  readonly attacks: readonly Tried[];
  /** Attacks of which the audit log tells. */
  readonly logged: number;
}

/** Sends attacks to a gateway whose firewall only detects, and searches its audit log for them. */
export async function staging(context: CaseContext, corpus: readonly Sample[]): Promise<Staging> {
  const { gateway } = await context.replica({ backends: 'shared', edit: toDetection });
  const attacks = await tried(context, corpus, gateway);
  const { stdout } = await gateway.exec([
    'sh',
    '-c',
    'cat $(grep -rhoE "^\\s*SecAuditLog\\s+\\S+" /etc/nginx | awk \'{print $2}\') 2>/dev/null',
  ]);
  return { attacks, logged: attacks.filter(({ mark }) => stdout.includes(mark)).length };
}

/** In staging attacks pass, and the audit log tells of each. */
export function judgeStaging({ attacks, logged }: Staging): Outcome {
  const stopped = stoppedBenign(attacks);
  return judge(
    stopped.length === 0 && logged === attacks.length,
    `with detection only: ${String(attacks.length)} attacks pass, the audit log tells of each`,
    `with detection only: ${String(attacks.length - stopped.length)} of ${String(attacks.length)} attacks pass, ${String(logged)} in the audit log`,
    [corpusTable(attacks)],
    logged === 0 ? 'there is no firewall to switch to detection' : undefined,
  );
}

/** Identifiers that the OWASP Core Rule Set keeps for itself. */
const CRS_IDS = { from: 900_000, to: 999_999 };

/** What the gateway itself tells about its rule set. */
export interface RuleSet {
  /** Error-log lines about refused attacks. */
  readonly log: readonly string[];
  /** Identifiers of the rules in the gateway's own folder. */
  readonly ownIds: readonly number[];
}

/** Lines of the error log about these attacks, and the rules that the gateway brings itself. */
export async function ruleSet(context: CaseContext, attacks: readonly Tried[]): Promise<RuleSet> {
  const log = await context.gateway.errorLog('ModSecurity');
  const { stdout } = await context.gateway.exec(['grep', '-rhoE', '\\bid:[0-9]+', '/etc/nginx']);
  return {
    log: log.filter((line) => attacks.some(({ mark }) => line.includes(mark))),
    ownIds: [...stdout.matchAll(/id:(\d+)/g)].map(([, id]) => Number(id)),
  };
}

/** The rules are the OWASP Core Rule Set's, their scores add up, and the platform has rules of its own. */
export function judgeRuleSet(name: string, { log, ownIds }: RuleSet): Outcome {
  const core = log.filter(
    (line) => line.includes(name.replaceAll(' ', '_').toUpperCase()) || /\[file "[^"]*crs[^"]*"\]/i.test(line),
  );
  const scored = log.filter((line) => /Anomaly Score/i.test(line));
  const own = ownIds.filter((id) => id < CRS_IDS.from || id > CRS_IDS.to);
  return judge(
    core.length > 0 && scored.length > 0 && own.length > 0,
    `refusals by ${name}, by their anomaly score; custom rules beside it`,
    `${String(core.length)} log lines name the rule set, ${String(scored.length)} a total anomaly score; ${String(own.length)} custom rules`,
    [{ kind: 'log', title: 'error log', lines: scored.slice(0, 1).map((line) => line.slice(0, 900)) }],
  );
}
