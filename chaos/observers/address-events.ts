/** Who holds an address, from `ip -ts -o monitor`: the kernel says when it comes and goes, to the microsecond. */
import type { StateLane } from '../../reports/record/types.ts';

/** The address came to a node, or left it. Instants are wall clock, ms since the epoch. */
export interface HolderEvent {
  readonly at_ms: number;
  readonly node: string;
  readonly held: boolean;
}

/** Spans in which a node held the address; `to` is where watching ended when it still did. */
export interface Holding {
  readonly node: string;
  readonly from_ms: number;
  readonly to_ms: number;
}

/** Reads lines of `ip -ts -o monitor address` (in UTC) that are about one address. */
export function parseAddressEvents(lines: readonly string[], node: string, address: string): HolderEvent[] {
  return lines.flatMap((line) => {
    const [, stamp, deleted] = /^\[([\d-]+T[\d:.]+)\]\s*(Deleted\s)?/.exec(line) ?? [];
    if (stamp === undefined || !line.includes(` ${address}/`)) return [];
    return [{ at_ms: Date.parse(`${stamp}Z`), node, held: deleted === undefined }];
  });
}

/** Instants at which a neighbour's entry for an address got another link address, from `ip -ts -o monitor neigh`. */
export function parseNeighbourMoves(
  lines: readonly string[],
  address: string,
  initial?: string,
): { at_ms: number; lladdr: string }[] {
  let known = initial;
  return lines.flatMap((line) => {
    const [, stamp, lladdr] = /^\[([\d-]+T[\d:.]+)\].*\blladdr ([0-9a-f:]+)/.exec(line) ?? [];
    if (stamp === undefined || lladdr === undefined || !line.includes(`${address} `)) return [];
    const moved = known !== undefined && known !== lladdr;
    known = lladdr;
    return moved ? [{ at_ms: Date.parse(`${stamp}Z`), lladdr }] : [];
  });
}

/** Spans of holding between two instants. @param initial nodes that held it at `from_ms` */
export function holdings(
  events: readonly HolderEvent[],
  initial: readonly string[],
  from_ms: number,
  to_ms: number,
): Holding[] {
  const open = new Map(initial.map((node) => [node, from_ms]));
  const spans: Holding[] = [];
  for (const { at_ms, node, held } of events.toSorted((a, b) => a.at_ms - b.at_ms)) {
    const since = open.get(node);
    if (held && since === undefined) open.set(node, at_ms);
    if (!held && since !== undefined) {
      spans.push({ node, from_ms: since, to_ms: at_ms });
      open.delete(node);
    }
  }
  for (const [node, since] of open) spans.push({ node, from_ms: since, to_ms });
  return spans.toSorted((a, b) => a.from_ms - b.from_ms);
}

/** One lane a node for the report. */
export function holderLanes(nodes: readonly string[], spans: readonly Holding[], to_ms: number): StateLane[] {
  return nodes.map((node) => {
    const own = spans.filter((span) => span.node === node);
    const edges = [0, ...own.flatMap(({ from_ms, to_ms: end }) => [from_ms, end]), to_ms];
    return {
      name: `${node}: virtual address`,
      spans: edges.slice(1).flatMap((end, index) => {
        const begin = edges[index] ?? 0;
        const active = index % 2 === 1;
        if (end <= begin) return [];
        return [
          {
            from_ms: Math.round(begin),
            to_ms: Math.round(end),
            state: active ? 'holds it' : 'without',
            kind: active ? ('active' as const) : ('standby' as const),
          },
        ];
      }),
    };
  });
}

/** How long the address was with two nodes at once, ms. */
export function heldTwice_ms(spans: readonly Holding[]): number {
  const pairs = spans.flatMap((one, index) => spans.slice(index + 1).map((other) => [one, other] as const));
  return pairs
    .filter(([one, other]) => one.node !== other.node)
    .reduce(
      (sum, [one, other]) => sum + Math.max(0, Math.min(one.to_ms, other.to_ms) - Math.max(one.from_ms, other.from_ms)),
      0,
    );
}
