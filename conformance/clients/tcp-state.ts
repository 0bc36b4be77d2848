import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import type { Socket } from 'node:net';

const POLL_MS = 50;
/** States of Linux' `/proc/net/tcp` (include/net/tcp_states.h). */
const ESTABLISHED = '01';

function hexAddress(address: string, port: number): string {
  const bytes = address.split('.').map(Number);
  const hex = bytes.toReversed().map((byte) => byte.toString(16).padStart(2, '0'));
  return `${hex.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/**
 * State of a connection in a table in the form of `/proc/net/tcp`: two hex
 * digits, or undefined when it is not listed (any more).
 */
export function stateInTable(
  table: string,
  local: { readonly address: string; readonly port: number },
  remote: { readonly address: string; readonly port: number },
): string | undefined {
  const pair = ` ${hexAddress(local.address, local.port)} ${hexAddress(remote.address, remote.port)} `;
  const found = table.indexOf(pair);
  return found < 0 ? undefined : table.slice(found + pair.length, found + pair.length + 2);
}

/**
 * Watches a connection that nobody reads, for which Node reports no close.
 *
 * @returns `closed` when the peer's FIN has arrived, `reset` when the kernel has
 * dropped the connection; undefined when the signal ended the watch, or where
 * the kernel does not tell (other systems, IPv6).
 */
export async function watchUnread(socket: Socket, signal: AbortSignal): Promise<'closed' | 'reset' | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (localPort === undefined || remotePort === undefined) return undefined;
  if (!isIPv4(localAddress ?? '') || !isIPv4(remoteAddress ?? '')) return undefined;
  const local = { address: localAddress ?? '', port: localPort };
  const remote = { address: remoteAddress ?? '', port: remotePort };
  while (!signal.aborted) {
    const table = await readFile('/proc/net/tcp', 'latin1').catch(() => undefined);
    if (table === undefined) return undefined;
    const state = stateInTable(table, local, remote);
    if (signal.aborted) return undefined;
    if (state === undefined) return 'reset';
    if (state !== ESTABLISHED) return 'closed';
    await pause(POLL_MS, signal);
  }
  return undefined;
}

function pause(time_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, time_ms);
    signal.addEventListener('abort', finish);
  });
}
