/**
 * What is watched while the virtual address may move: who holds it, when its clients'
 * neighbour entry changed, and what keepalived said, all on one clock.
 */
import type { Collected, TrialWindow } from '../runner/experiment.ts';
import type { ChaosTarget, Watcher } from '../runner/target.ts';
import { holderLanes, holdings, parseAddressEvents, parseNeighbourMoves } from './address-events.ts';
import type { HolderEvent } from './address-events.ts';
import { parseStamped, telling } from './keepalived-log.ts';

export const NODES = ['gateway-1', 'gateway-2'] as const;
/** Names of what is collected; judgements read it by them. */
export const KEEPALIVED = 'keepalived';
export const NEIGHBOUR = 'neighbour entry of the clients';
export const NOTIFIED = 'notify scripts';

const LOG = '/var/log/keepalived.log';
const STATES = '/var/log/keepalived-state.log';

/** Nodes that have the virtual address at this moment. */
export async function holdersNow(target: ChaosTarget): Promise<string[]> {
  const looks = await Promise.all(
    NODES.map(async (node) => {
      const argv = ['ip', '-o', '-4', 'address', 'show', 'to', target.gateway.address];
      const { stdout } = await target.host.networkExec(target.containerId(node), argv);
      return stdout.trim() === '' ? [] : [node];
    }),
  );
  return looks.flat();
}

/** Eyes on the virtual address, for one trial at a time. */
export class FailoverObserver {
  #watchers: { readonly node: string; readonly watcher: Watcher }[] = [];
  #neighbours: Watcher | undefined;
  #initial: readonly string[] = [];
  /** Link address that clients knew for the virtual address at the start. */
  #lladdr: string | undefined;
  #again: HolderEvent[] = [];

  /** Starts watching; before the steady state. */
  async start(target: ChaosTarget): Promise<void> {
    this.#again = [];
    this.#watchers = await Promise.all(NODES.map((node) => watchNode(target, node)));
    this.#neighbours = await target.watch('vantage', ['env', 'TZ=UTC', 'ip', '-ts', '-o', 'monitor', 'neigh']);
    this.#initial = await holdersNow(target);
    const { stdout } = await target.exec('vantage', ['ip', 'neigh', 'show', 'to', target.gateway.address]);
    this.#lladdr = /lladdr ([0-9a-f:]+)/.exec(stdout)?.[1];
  }

  /** Watches a node anew that was started again: its network namespace is another one. */
  async again(target: ChaosTarget, node: string): Promise<void> {
    this.#watchers.push(await watchNode(target, node));
    if ((await holdersNow(target)).includes(node)) this.#again.push({ at_ms: Date.now(), node, held: true });
  }

  /** Stops watching and tells what was seen, on the trial's clock. */
  async collect(target: ChaosTarget, window: TrialWindow): Promise<Collected> {
    const address = target.gateway.address;
    for (const { watcher } of this.#watchers) watcher.stop();
    this.#neighbours?.stop();
    const events = [
      ...this.#watchers.flatMap(({ node, watcher }) => parseAddressEvents(watcher.lines, node, address)),
      ...this.#again,
    ].map((event) => ({ ...event, at_ms: window.at_ms(event.at_ms) }));
    const spans = holdings(events, this.#initial, 0, window.to_ms);
    const moves = parseNeighbourMoves(this.#neighbours?.lines ?? [], address, this.#lladdr);
    const logs = (await Promise.all(NODES.map((node) => readLines(target, node, LOG)))).flat();
    const states = (await Promise.all(NODES.map((node) => readLines(target, node, STATES)))).flat();
    const inWindow = ({ at_ms }: { at_ms: number }): boolean =>
      at_ms >= window.wallFrom_ms && at_ms <= window.wallTo_ms;
    const told = telling(logs.filter(inWindow)).map((line) => ({ ...line, at_ms: window.at_ms(line.at_ms) }));
    return {
      lanes: holderLanes(NODES, spans, window.to_ms),
      events: [
        ...spans.flatMap(({ node, from_ms, to_ms }) => [
          ...(from_ms > 0 ? [{ at_ms: from_ms, source: node, what: 'holds the virtual address' }] : []),
          ...(to_ms < window.to_ms ? [{ at_ms: to_ms, source: node, what: 'has the virtual address no more' }] : []),
        ]),
        ...moves.map(({ at_ms, lladdr }) => ({
          at_ms: window.at_ms(at_ms),
          source: 'vantage',
          what: `the virtual address is at ${lladdr} now (gratuitous ARP)`,
        })),
        ...told.map(({ at_ms, node, text }) => ({ at_ms, source: `${node} keepalived`, what: text })),
      ],
      texts: {
        [KEEPALIVED]: told.map(({ at_ms, node, text }) => `${at_ms.toFixed(0)} ${node} ${text}`),
        [NEIGHBOUR]: moves.map(({ at_ms, lladdr }) => `${window.at_ms(at_ms).toFixed(0)} ${lladdr}`),
        [NOTIFIED]: states
          .filter(inWindow)
          .map(({ at_ms, node, text }) => `${window.at_ms(at_ms).toFixed(0)} ${node} ${text}`),
      },
    };
  }
}

async function watchNode(target: ChaosTarget, node: string): Promise<{ node: string; watcher: Watcher }> {
  return { node, watcher: await target.watch(node, ['env', 'TZ=UTC', 'ip', '-ts', '-o', 'monitor', 'address']) };
}

async function readLines(target: ChaosTarget, node: string, path: string): Promise<ReturnType<typeof parseStamped>> {
  const { stdout } = await target.exec(node, ['cat', path]).catch(() => ({ stdout: '' }));
  return parseStamped(stdout, node);
}
