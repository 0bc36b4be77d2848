/** Small requests over HTTP/1.1, each user with an address and a connection of its own. */
import { Agent as PlainAgent, get as getPlain } from 'node:http';
import { Agent as TlsAgent, get as getTls } from 'node:https';
import { kindOf } from './cells.ts';
import type { Cells } from './cells.ts';
import type { Clock } from './clock.ts';
import { addressAfter } from './plan.ts';
import type { DriverPlan } from './plan.ts';

export interface Answer {
  /** Null without one. */
  readonly status: number | null;
  readonly kind: string;
  /** On the connection of the request before. */
  readonly reused: boolean;
}

const isTls = ({ url }: DriverPlan): boolean => url.startsWith('https:');

/** The n-th user: has at most one connection, and keeps it. */
export function agentOf(plan: DriverPlan, n: number): PlainAgent {
  const common = { keepAlive: true, maxSockets: 1, localAddress: addressAfter(plan.firstAddress, n) };
  return isTls(plan)
    ? new TlsAgent({ ...common, servername: plan.serverName, rejectUnauthorized: false })
    : new PlainAgent(common);
}

/** Asks the plan's route and reads the answer to its end; never rejects. */
export function ask(plan: DriverPlan, agent: PlainAgent, added: DriverPlan['headers']): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { ...added, Host: plan.serverName };
    const get = isTls(plan) ? getTls : getPlain;
    const sent = get(plan.url, { agent, headers, timeout: plan.timeout_s * 1000 }, (response) => {
      const cacheState = response.headers['x-cache-status']?.toString();
      response.resume().once('end', () => {
        const status = response.statusCode ?? null;
        resolve({ status, kind: kindOf(status, { cacheState }), reused: sent.reusedSocket });
      });
      response.once('error', fail);
    });
    let kind = kindOf(null);
    const fail = (): void => {
      resolve({ status: null, kind, reused: sent.reusedSocket });
    };
    sent.once('timeout', () => {
      kind = 'time-out';
      sent.destroy();
    });
    sent.once('error', fail);
  });
}

/** Asks when it is due, and counts that; `at` are the instants of request and answer, ms. */
export async function askAt(
  due_ms: number,
  request: () => Promise<Answer>,
  { cells, clock }: { readonly cells: Cells; readonly clock: Clock },
): Promise<Answer & { readonly at: { readonly sent_ms: number; readonly ended_ms: number } }> {
  await clock.until(due_ms);
  const sent_ms = clock.now_ms();
  const answer = await request();
  const ended_ms = clock.now_ms();
  const { status, kind } = answer;
  cells.take({ intended_ms: due_ms, corrected_ms: ended_ms - due_ms, actual_ms: ended_ms - sent_ms, status, kind });
  return { ...answer, at: { sent_ms, ended_ms } };
}
