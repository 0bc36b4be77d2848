/** Toxics on a link, each proved by an exchange over it. Toxicity is 1: toxiproxy draws it per connection, not per request. */
import type { ToxicAttributeTypes, ToxicType } from 'toxiproxy-node-client';

import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { describeExchange } from './link-probe.ts';
import type { Exchange } from './link-probe.ts';
import type { Link } from './link.ts';
import { toxiproxyApi, undoDown, undoToxic } from './toxiproxy.ts';

const PROOF_TIMEOUT_MS = 15_000;
/** Beyond any wait that a toxic is given here. */
const PROBE_LIMIT_S = 8;
/** Answers come this much faster without the toxic than its wait lasts. */
const CLEARLY_LESS = 0.5;
/** Timers of the proxy and of the probe round differently. */
const NEARLY = 0.9;

/** Answers take `latency_ms` ± `jitter_ms` longer. */
export function latency(on: Link, latency_ms: number, jitter_ms = 0): Fault {
  const least_ms = (latency_ms - jitter_ms) * NEARLY;
  return toxic(on, {
    what: `latency ${String(latency_ms)} ms ± ${String(jitter_ms)} ms`,
    type: 'latency',
    attributes: { latency: latency_ms, jitter: jitter_ms },
    shows: ({ how, took_ms }) => how === 'answered' && took_ms >= least_ms,
    gone: ({ how, took_ms }) => how === 'answered' && took_ms < least_ms * CLEARLY_LESS,
  });
}

/** Answers come at `rate_kBps` at most; of HTTP links alone, since the proof needs a long answer. */
export function bandwidth(on: Link, rate_kBps: number): Fault {
  if (on.protocol !== 'http')
    throw new RangeError(`bandwidth of ${on.name} cannot be proved: only HTTP gives long answers`);
  return toxic(on, {
    what: `bandwidth ${String(rate_kBps)} kB/s`,
    type: 'bandwidth',
    attributes: { rate: rate_kBps },
    bodyBytes: rate_kBps * 1_000,
    shows: ({ how, took_ms }) => how === 'answered' && took_ms >= 1_000 * CLEARLY_LESS,
    gone: ({ how, took_ms }) => how === 'answered' && took_ms < 1_000 * CLEARLY_LESS * CLEARLY_LESS,
  });
}

/** Connections are closed `delay_ms` after the service closed them. */
export function slowClose(on: Link, delay_ms: number): Fault {
  if (on.protocol === 'postgres')
    throw new RangeError(`${on.name}: the probe does not wait for the end of a connection`);
  return toxic(on, {
    what: `close ${String(delay_ms)} ms late`,
    type: 'slow_close',
    attributes: { delay: delay_ms },
    shows: ({ how, took_ms }) => how === 'answered' && took_ms >= delay_ms * NEARLY,
    gone: ({ how, took_ms }) => how === 'answered' && took_ms < delay_ms * CLEARLY_LESS,
  });
}

/** No answer comes; the connection closes after `timeout_ms`. */
export function timeout(on: Link, timeout_ms: number): Fault {
  return toxic(on, {
    what: `no data, closed after ${String(timeout_ms)} ms`,
    type: 'timeout',
    attributes: { timeout: timeout_ms },
    shows: ({ how }) => how === 'closed' || how === 'timeout' || how === 'reset',
    gone: answered,
  });
}

/** New connections are reset; open ones may see an ordinary end instead. */
export function resetPeer(on: Link, timeout_ms = 0): Fault {
  return toxic(on, {
    what: `reset after ${String(timeout_ms)} ms`,
    type: 'reset_peer',
    attributes: { timeout: timeout_ms },
    shows: ({ how }) => how === 'reset' || how === 'closed',
    gone: answered,
  });
}

/** A connection ends after so many bytes of answers. */
export function limitData(on: Link, bytes: number): Fault {
  return toxic(on, {
    what: `connections end after ${String(bytes)} bytes`,
    type: 'limit_data',
    attributes: { bytes },
    shows: (seen) => seen.how !== 'timeout' && seen.bytes <= bytes,
    gone: (seen) => seen.how === 'answered' && seen.bytes > bytes,
  });
}

/** The proxy does not listen: connections are refused, open ones end. */
export function linkDown(on: Link): Fault {
  return {
    name: `link ${on.name} down`,
    services: on.services,
    undo: async (target) => [undoDown(target, on.name)],
    inject: async (target) => {
      const { name: _name, ...body } = on.definition();
      const proxy = await toxiproxyApi(target).get(on.name);
      await proxy.update({ ...body, enabled: false });
    },
    proveEffect: (target) => proved(target, on, ({ how }) => how === 'refused'),
    proveRemoval: (target) => proved(target, on, answered),
  };
}

interface ToxicOptions {
  readonly what: string;
  readonly type: ToxicType;
  readonly attributes: ToxicAttributeTypes;
  readonly bodyBytes?: number;
  readonly shows: (seen: Exchange) => boolean;
  readonly gone: (seen: Exchange) => boolean;
}

function toxic(on: Link, { what, type, attributes, bodyBytes, shows, gone }: ToxicOptions): Fault {
  return {
    name: `toxic on ${on.name}: ${what}`,
    services: on.services,
    undo: async (target): Promise<readonly UndoAction[]> => [undoToxic(target, on.definition(), type)],
    inject: async (target) => {
      const proxy = await toxiproxyApi(target).get(on.name);
      await proxy.addToxic({ name: type, type, stream: 'downstream', toxicity: 1, attributes });
    },
    proveEffect: (target) => proved(target, on, shows, bodyBytes),
    proveRemoval: (target) => proved(target, on, gone, bodyBytes),
  };
}

function answered({ how }: Exchange): boolean {
  return how === 'answered';
}

async function proved(
  target: ChaosTarget,
  on: Link,
  holds: (seen: Exchange) => boolean,
  bodyBytes?: number,
): Promise<string> {
  let last = 'nothing';
  const seen = await waitFor(`proof on ${on.name}`, PROOF_TIMEOUT_MS, async () => {
    const one = await on.probe(target, PROBE_LIMIT_S, bodyBytes);
    last = describeExchange(one);
    return holds(one) ? last : null;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; last seen: ${last}`, { cause: error });
  });
  return `${on.from[0] ?? ''} → ${on.to}: ${seen}`;
}
