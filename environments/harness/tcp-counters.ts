import { mustExec } from './containers.ts';

/** Totals of a container's network namespace since its start (proc_net(5)). */
export interface TcpCounters {
  /** Segments sent, those that were sent again left out. */
  readonly sent: number;
  /** Sent again; attempts to open a connection left out, since those are for the other side to take or not. */
  readonly again: number;
}

/** Reads a container's TCP counters once. */
export async function tcpCounters(containerId: string): Promise<TcpCounters> {
  return readTcpCounters(await mustExec(containerId, ['cat', '/proc/net/snmp', '/proc/net/netstat']));
}

/** Each protocol has a line of names and a line of values, both beginning with its own name. */
export function readTcpCounters(text: string): TcpCounters {
  const rows = text.split('\n').map((line) => line.split(' '));
  const value = (protocol: string, name: string): number => {
    const [names, values] = rows.filter(([first]) => first === `${protocol}:`);
    return Number(values?.[names?.indexOf(name) ?? -1] ?? 0);
  };
  const again = value('Tcp', 'RetransSegs') - value('TcpExt', 'TCPSynRetrans');
  return { sent: value('Tcp', 'OutSegs'), again: Math.max(0, again) };
}
