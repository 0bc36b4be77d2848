/**
 * Holds connections of several kinds, each from an address of its own, uses them, and connects anew when one
 * ends. Settings are JSON in the first argument; it runs until it is ended, and writes what it saw to a file.
 */
import { renameSync, writeFileSync } from 'node:fs';

import { addressWalk } from './addresses.ts';
import { HoldingClient } from './held-client.ts';
import type { HeldClientsSettings } from './held-clients-settings.ts';
import { echoedMessages, repeatedRequests } from './held-uses.ts';
import type { Endpoint } from './protocol.ts';

const WRITE_EVERY_MS = 250;

const settings = JSON.parse(process.argv[2] ?? '') as HeldClientsSettings;
const { address, port, serverName, keepAlive, download, webSocket, resultFile } = settings;
const walk = addressWalk(settings.from.cidr, settings.from.skip);
const endpoint = (): Endpoint => ({ address, port, host: serverName, tls: { serverName } });

const clients = [
  ...Array.from(
    { length: keepAlive.clients },
    () => new HoldingClient('keep-alive', walk(), repeatedRequests(endpoint(), keepAlive)),
  ),
  ...Array.from(
    { length: download.clients },
    () => new HoldingClient('download', walk(), repeatedRequests(endpoint(), download)),
  ),
  ...Array.from(
    { length: webSocket.clients },
    () => new HoldingClient('websocket', walk(), echoedMessages(endpoint(), webSocket)),
  ),
];

setInterval(() => {
  // Whole or not at all: whoever reads must not meet half a text.
  writeFileSync(`${resultFile}.new`, JSON.stringify(clients.map(({ seen }) => seen)));
  renameSync(`${resultFile}.new`, resultFile);
}, WRITE_EVERY_MS);
