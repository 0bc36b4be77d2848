import type { ClientAddress, ClientAddresses } from '../addresses.ts';
import type { Client } from '../gateway.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { admitsOnly, allowList, argsOf, configTree, everywhere } from './config-tree.ts';
import { deliver, judged, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered, Probe } from './exchange.ts';

/** One attempt and what it must lead to. */
export interface Attempt extends Probe {
  /** Who tries, in words. */
  readonly who: string;
  /** Status that the client must get; `served` is any success of a backend. */
  readonly must: number | 'served' | 'passed on';
}

/** What an attempt led to. */
export interface Attempted {
  readonly who: string;
  readonly must: Attempt['must'];
  readonly status: number | null;
  /** Requests that reached the API pools. */
  readonly arrivals: number;
  /** Status in words. */
  readonly answer: string;
}

/** What is wrong with an attempt: a refusal must come from the gateway alone. */
export function attemptFault({ who, must, status, arrivals, answer }: Attempted): string | undefined {
  if (must === 'served')
    return status !== null && status < 400 && arrivals > 0
      ? undefined
      : `${who}: ${answer}, ${String(arrivals)} backend requests`;
  if (must === 'passed on') return arrivals > 0 ? undefined : `${who}: ${answer}, not passed on`;
  if (status !== must) return `${who}: ${answer}`;
  return arrivals === 0 ? undefined : `${who}: ${answer}, but a backend was asked`;
}

/** Makes the attempts side by side and judges them all. */
export async function access(
  context: CaseContext,
  expected: string,
  attempts: readonly Attempt[],
  mechanism?: string,
): Promise<Outcome> {
  const delivered = await deliver(context, attempts);
  return judgeAccess(expected, attempts, delivered, mechanism);
}

/** Judges attempts that were made. */
export function judgeAccess(
  expected: string,
  attempts: readonly Attempt[],
  delivered: readonly Delivered[],
  mechanism?: string,
): Outcome {
  const attempted = attempts.map(({ who, must }, index): Attempted => {
    const one = delivered[index];
    if (!one) throw new Error('more attempts than answers');
    return { who, must, status: one.seen.status, arrivals: one.arrivals.length, answer: outcomeOf(one.seen) };
  });
  const faults = attempted.flatMap((one) => attemptFault(one) ?? []);
  const odd = delivered.find((_, index) => attemptFault(attempted[index]!) !== undefined) ?? delivered[0];
  return judged(
    faults.length === 0,
    expected,
    faults.length === 0 ? attempted.map(({ who, answer }) => `${who}: ${answer}`).join('; ') : faults.join('; '),
    [attemptsTable(attempted, delivered), ...(odd ? [proof(odd)] : [])],
    mechanism,
  );
}

/** Judges the sources that the admin locations of a running configuration name: one that no client has shows in no attempt. */
export function judgeAdminList(sources: readonly string[], config: string): Outcome {
  const locations = everywhere(configTree(config), 'location')
    .map(({ directive }) => directive)
    .filter(
      (directive) =>
        /^\/api\/v1\/admin\b/.test(directive.args.at(-1) ?? '') && argsOf(directive, 'proxy_pass').length > 0,
    );
  const wrong = locations.filter((location) => !admitsOnly(location, sources));
  return judged(
    locations.length > 0 && wrong.length === 0,
    `allow ${sources.join(', ')}, deny all`,
    wrong.length === 0
      ? 'as promised (nginx -T)'
      : `${wrong.map((location) => `${location.args.at(-1) ?? ''} allows ${allowList(location).allow.join(', ') || 'everybody'}`).join('; ')} (nginx -T)`,
    [],
  );
}

function attemptsTable(attempted: readonly Attempted[], delivered: readonly Delivered[]): Evidence {
  return table(
    'who got in',
    ['who', 'from', 'path', 'must get', 'got', 'backend requests'],
    attempted.map(({ who, must, answer, arrivals }, index) => {
      const { probe } = delivered[index]!;
      return [who, probe.client.address, probe.path, must, answer, arrivals];
    }),
  );
}

/** The office's block has few addresses: a lane keeps one. */
const officeAddresses = new WeakMap<ClientAddresses, ClientAddress>();

/** A client in the office's network, when this gateway is on it (most replicas are not). */
export function officeClient(context: CaseContext): Client | undefined {
  const { topology, addresses } = context.session;
  const network = topology.clientBlocks.find(({ name }) => name === 'office')?.network;
  if (network === undefined || context.gateway.service.addresses[network] === undefined) return undefined;
  const address = officeAddresses.get(addresses) ?? addresses.fresh('office');
  officeAddresses.set(addresses, address);
  return context.gateway.at(address);
}
