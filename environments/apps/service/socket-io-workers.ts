import cluster from 'node:cluster';
import type { Server as Engine } from 'engine.io';
import { mkdirSync, rmSync } from 'node:fs';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, RequestOptions, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Config } from './config.ts';
import type { Log } from './log.ts';

/** Where the requests of Engine.IO go in. */
export interface EngineDoor {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Lets go of what is on its way to other workers. */
  readonly close: () => void;
}

/** The door of this process: alone, or as one worker of an instance. */
export function doorOf(
  engine: Engine,
  { runDir, instance }: Pick<Config, 'runDir' | 'instance'>,
  log: Log,
): Promise<EngineDoor> {
  if (cluster.isWorker) return doorAmongWorkers(engine, join(runDir, 'socket.io', instance), String(process.pid), log);
  return Promise.resolve({ ...entrance(engine), close: () => undefined });
}

/**
 * A session of Engine.IO lives in the worker that opened it, and PM2's primary
 * gives each connection to any worker: a session's next poll, or its upgrade,
 * comes to the wrong one. So a session's id begins with its worker's name, each
 * worker also listens on a UNIX socket in a folder of its instance, and what
 * belongs to another worker is handed on there. Instances share nothing: what a
 * gateway sends to the wrong instance still meets a session that is unknown.
 *
 * A letter comes first and no dash follows the name: a number before two dashes
 * is what a firewall takes for SQL, and ids have dashes.
 *
 * @param name of this worker, digits that no other worker of the instance has
 */
export async function doorAmongWorkers(engine: Engine, folder: string, name: string, log: Log): Promise<EngineDoor> {
  const own = entrance(engine);
  const lost = (worker: string, error: Error): void =>
    log('warn', { message: `socket.io: worker ${worker} cannot be asked: ${error.message}` });
  const socketOf = (worker: string): string => join(folder, `${worker}.sock`);
  const randomId = engine.generateId.bind(engine);
  engine.generateId = async (request) => `w${name}_${await randomId(request)}`;
  const server = await listen(own, folder, socketOf(name));
  // Connections are kept: a sibling that closed one after its answer could do so before the body's end was written.
  const agent = new Agent({ keepAlive: true });
  const underWay = new Set<{ destroy: () => unknown }>();
  const track = <T extends Duplex | ReturnType<typeof httpRequest>>(sent: T): T => {
    underWay.add(sent);
    sent.once('close', () => underWay.delete(sent));
    return sent;
  };
  return {
    request: (request, response) => {
      const worker = workerOf(request);
      if (worker === null || worker === name) own.request(request, response);
      else
        track(handOn({ socketPath: socketOf(worker), agent }, request, response, own, (error) => lost(worker, error)));
    },
    upgrade: (request, socket, head) => {
      const worker = workerOf(request);
      if (worker === null || worker === name) own.upgrade(request, socket, head);
      else track(handOnUpgrade(socketOf(worker), request, socket, head, own, (error) => lost(worker, error)));
    },
    close: () => {
      server.close();
      rmSync(socketOf(name), { force: true });
      for (const sent of underWay) sent.destroy();
      agent.destroy();
    },
  };
}

type Entrance = Omit<EngineDoor, 'close'>;

function entrance(engine: Engine): Entrance {
  return {
    request: (request, response) => engine.handleRequest(request, response),
    upgrade: (request, socket, head) => engine.handleUpgrade(request, socket, head),
  };
}

async function listen(own: Entrance, folder: string, path: string): Promise<Server> {
  mkdirSync(folder, { recursive: true });
  // Of a worker that was killed and had the same number.
  rmSync(path, { force: true });
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, own.request).on(
    'upgrade',
    (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      own.upgrade(request, socket, head);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Exclusive: a cluster worker would otherwise share the socket with its siblings.
    server.listen({ path, exclusive: true }, resolve);
  });
  return server.unref();
}

/** Name of the worker that opened the session of a request; null of one that opens a session. */
function workerOf(request: IncomingMessage): string | null {
  return /[?&]sid=w(\d+)_/.exec(request.url ?? '')?.[1] ?? null;
}

/** Fields that are about one connection. */
const HOP = ['connection', 'keep-alive', 'transfer-encoding'];

function withoutHop(headers: IncomingMessage['headers']): IncomingMessage['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP.includes(name)));
}

/** Asks another worker for the answer. One that is gone has lost its sessions: this worker's engine says that it knows none. */
function handOn(
  target: Pick<RequestOptions, 'socketPath' | 'agent'>,
  request: IncomingMessage,
  response: ServerResponse,
  own: Entrance,
  lost: (error: Error) => void,
): ReturnType<typeof httpRequest> {
  const { method, url: path, headers } = request;
  const sent = httpRequest({ ...target, method, path, headers: withoutHop(headers) }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, withoutHop(answer.headers));
    pipeline(answer, response, () => undefined);
  });
  sent.on('error', (error) => {
    lost(error);
    if (response.headersSent || response.destroyed) response.destroy();
    else own.request(request, response);
  });
  response.once('close', () => sent.destroy());
  request.pipe(sent);
  return sent;
}

/** Connects the client with another worker, byte by byte. */
function handOnUpgrade(
  socketPath: string,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  own: Entrance,
  lost: (error: Error) => void,
): Duplex {
  const sent = connect(socketPath);
  const refused = (error: Error): void => {
    lost(error);
    own.upgrade(request, socket, head);
  };
  sent.once('error', refused);
  sent.once('connect', () => {
    sent.off('error', refused);
    sent.write(headOf(request));
    sent.write(head);
    pipeline(socket, sent, socket, () => undefined);
  });
  return sent;
}

/** The head of a request as it came. */
function headOf({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): string {
  const fields = Array.from({ length: rawHeaders.length / 2 }, (_, n) => rawHeaders.slice(2 * n, 2 * n + 2).join(': '));
  return [`${method} ${url} HTTP/1.1`, ...fields, '', ''].join('\r\n');
}
