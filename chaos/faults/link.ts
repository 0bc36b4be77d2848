/**
 * Leads the connections from some services to another one through toxiproxy, so that
 * toxics can disturb them. A stage fault: it changes the way, not the behaviour.
 */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { describeExchange, exchange } from './link-probe.ts';
import type { Exchange, LinkProtocol } from './link-probe.ts';
import { cutConnections, must, removeRule } from './network-commands.ts';
import { countedBytes, startToxiproxy, toxiproxyApi, undoProxy } from './toxiproxy.ts';

const PROBE_LIMIT_S = 5;
const EFFECT_TIMEOUT_MS = 10_000;
const FIRST_PORT = 20_001;

export interface LinkOptions {
  readonly from: readonly string[];
  readonly to: string;
  readonly protocol: LinkProtocol;
}

/** What the proxy is told about a link. */
export interface ProxyDefinition {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: true;
}

/** A way between services that leads through the proxy while `route` is in. */
export interface Link extends LinkOptions {
  readonly name: string;
  readonly services: readonly string[];
  readonly route: Fault;
  /** @throws Error while `route` is not in */
  definition(): ProxyDefinition;
  /** One exchange over the link, from the first of the services. */
  probe(target: ChaosTarget, limit_s?: number, bodyBytes?: number): Promise<Exchange>;
}

/** Declares a link. Toxics act on it only while `route` is in: name that among the stage faults. */
export function link({ from, to, protocol }: LinkOptions): Link {
  const name = `${to}-from-${from.join('-')}`;
  const services = [...from, to];
  let proxy: { readonly definition: ProxyDefinition; readonly address: string; readonly port: number } | undefined;
  const made = () => {
    if (!proxy) throw new Error(`the link ${name} is not led through the proxy yet`);
    return proxy;
  };
  const probe: Link['probe'] = (target, limit_s = PROBE_LIMIT_S, bodyBytes) =>
    exchange(target, from[0] ?? to, to, { protocol, limit_s, ...(bodyBytes === undefined ? {} : { bodyBytes }) });
  const route: Fault = {
    name: `link ${from.join(', ')} → ${to} through toxiproxy`,
    services,
    undo: async (target) => {
      const { api, address } = await startToxiproxy(target);
      const port = FIRST_PORT + Object.keys(await api.getAll()).length;
      const end = target.endpoint(to);
      const upstream = `${end.address}:${String(end.port)}`;
      const definition = { name, listen: `0.0.0.0:${String(port)}`, upstream, enabled: true } as const;
      proxy = { definition, address, port };
      return [
        ...from.map((service) => ({
          action: 'network-exec' as const,
          service,
          containerId: target.containerId(service),
          argv: removeRule(['-t', 'nat'], 'OUTPUT', dnatRule(end, address, port)),
        })),
        undoProxy(target, name),
      ];
    },
    inject: async (target) => {
      const { definition, address, port } = made();
      await toxiproxyApi(target).createProxy(definition);
      const end = target.endpoint(to);
      for (const service of from) {
        await must(target, service, ['iptables', '-t', 'nat', '-A', 'OUTPUT', ...dnatRule(end, address, port)]);
        // Connections of before keep their way; they are cut so that new ones take the proxy.
        await cutConnections(target, service, end);
      }
    },
    proveEffect: async (target) => {
      const before = (await countedBytes(target, name)) ?? 0;
      for (const service of from) {
        const seen = await exchange(target, service, to, { protocol, limit_s: PROBE_LIMIT_S });
        if (seen.how !== 'answered') throw new Error(`${service} → ${to} through the proxy: ${describeExchange(seen)}`);
        await waitFor(`no direct connection ${service} → ${to}`, EFFECT_TIMEOUT_MS, () =>
          noneDirect(target, service, to),
        );
      }
      const counted = await waitFor('the proxy counts', EFFECT_TIMEOUT_MS, async () => {
        const now = await countedBytes(target, name);
        return now !== null && now > before ? now - before : null;
      });
      return `the proxy carried ${String(counted)} bytes of probes; ${to} has no direct connection from ${from.join(', ')}`;
    },
    proveRemoval: async (target) => {
      if (name in (await toxiproxyApi(target).getAll())) throw new Error(`the proxy still has ${name}`);
      for (const service of from) {
        const seen = await exchange(target, service, to, { protocol, limit_s: PROBE_LIMIT_S });
        if (seen.how !== 'answered') throw new Error(`${service} → ${to} directly: ${describeExchange(seen)}`);
      }
      return `no proxy of this name; ${from.join(', ')} reach ${to} directly`;
    },
  };
  return { from, to, protocol, name, services, route, probe, definition: () => made().definition };
}

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Packets to one endpoint go to the proxy's listener instead. */
export function dnatRule(end: Endpoint, proxy: string, port: number): readonly string[] {
  const to = `${proxy}:${String(port)}`;
  return ['-d', end.address, '-p', 'tcp', '--dport', String(end.port), '-j', 'DNAT', '--to-destination', to];
}

/** Seen from the other end, since the near end of a translated connection looks the same. */
async function noneDirect(target: ChaosTarget, from: string, to: string): Promise<boolean> {
  const { address } = target.endpoint(from);
  const sport = `:${String(target.endpoint(to).port)}`;
  const seen = await must(target, to, ['ss', '-Htn', 'state', 'established', 'sport', '=', sport, 'dst', address]);
  return seen.trim() === '';
}
