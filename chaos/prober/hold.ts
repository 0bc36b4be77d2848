/**
 * Holds many requests at once from many addresses: each on a TLS connection of its own,
 * opened one after the other over a stretch of time, asking for a late answer or sending
 * its header a byte at a time. Settings are JSON in the first argument; when all have
 * ended, or the time is over, one line tells how each of them went.
 */
import { writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';

import { addressWalk } from './addresses.ts';
import type { HoldResult, HoldSettings } from './hold-settings.ts';

const settings = JSON.parse(process.argv[2] ?? '') as HoldSettings;
const walk = addressWalk(settings.from.cidr, settings.from.skip);
const results: HoldResult[] = [];
const started_ms = performance.now();
const now_ms = (): number => Math.round(performance.now() - started_ms);

/** Opens one connection; resolves when it has ended. */
function hold(address: string): Promise<void> {
  const begun_ms = now_ms();
  const { promise, resolve } = Promise.withResolvers<void>();
  const { address: host, port, serverName: servername } = settings;
  const wire = connectTcp({ host, port, localAddress: address });
  wire.on('error', () => socket.destroy());
  const socket = connect({
    socket: wire,
    servername,
    rejectUnauthorized: false,
    ALPNProtocols: ['http/1.1'],
  });
  let [text, sent_ms, kind] = ['', 0, 'closed'];
  const patience = setTimeout(() => {
    kind = 'held';
    socket.destroy();
  }, settings.hold_ms);
  let drip: NodeJS.Timeout | undefined;
  socket.on('secureConnect', () => {
    sent_ms = now_ms();
    drip = send(socket, address);
  });
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1];
    if (status === undefined) return;
    kind = `status-${status}`;
    socket.destroy();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    kind = error.code ?? 'error';
  });
  socket.on('close', () => {
    clearTimeout(patience);
    clearInterval(drip);
    const servedBy = /"instance":"([^"]+)"/.exec(text)?.[1];
    results.push({ begun_ms, sent_ms, done_ms: now_ms(), kind, ...(servedBy === undefined ? {} : { servedBy }) });
    resolve();
  });
  return promise;
}

/** Sends a whole request, or the beginning of one and then a byte at a time. */
function send(socket: TLSSocket, address: string): NodeJS.Timeout | undefined {
  const headers = Object.entries(settings.headers).map(
    ([name, value]) => `${name}: ${value.replaceAll('{from}', address)}\r\n`,
  );
  const head = `GET ${settings.path} HTTP/1.1\r\nHost: ${settings.serverName}\r\n${headers.join('')}`;
  if (settings.drip_ms === undefined) {
    socket.write(`${head}\r\n`);
    return undefined;
  }
  socket.write(`${head}X-Slow: `);
  return setInterval(() => socket.write('a'), settings.drip_ms);
}

const { promise: opened, resolve: allOpened } = Promise.withResolvers<void>();
const ends: Promise<void>[] = [];
let address = '';
const pacer = setInterval(() => {
  // Catches up after a busy moment, so that all are there when they are meant to be.
  const due = Math.min(
    settings.count,
    Math.ceil((now_ms() / settings.open_ms) ** (settings.easing ?? 1) * settings.count),
  );
  while (ends.length < due) {
    if (ends.length % settings.perAddress === 0) address = walk();
    ends.push(hold(address));
  }
  if (ends.length < settings.count) return;
  clearInterval(pacer);
  allOpened();
}, 5);
await opened;
await Promise.all(ends);
writeFileSync(settings.resultFile, JSON.stringify(results));
