import { exec, mustExec } from '../../environments/harness/containers.ts';
import type { TopologyDescriptor } from '../../environments/harness/types.ts';
import type { CaseContext, CaseReplica, Session } from '../context.ts';
import { notApplicable, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';
import { reach } from './exposed-ports.ts';

/** One rule of a host's firewall: who may reach a port, or may not; without a source, anybody. */
export interface FirewallRule {
  readonly verdict: 'allow' | 'deny';
  readonly from?: string;
  readonly port: number;
}

/** Longest wait for a connection that may be dropped, s. */
const CONNECT_LIMIT_S = 2;

/**
 * Rules written in the words of ufw.
 * @throws {SyntaxError} for a line that is no rule
 */
export function parseRules(text: string): FirewallRule[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
    .map((line) => {
      const allow = /^allow from (\S+) to any port (\d+)$/.exec(line);
      if (allow) return { verdict: 'allow', from: allow[1] ?? '', port: Number(allow[2]) };
      const anybody = /^(allow|deny) (\d+)$/.exec(line);
      if (anybody) return { verdict: anybody[1] === 'allow' ? 'allow' : 'deny', port: Number(anybody[2]) };
      throw new SyntaxError(`no firewall rule: ${line}`);
    });
}

/** Who the rules let reach a port, in their own words; a rule that comes after a `deny` has no effect. */
export function admitted(rules: readonly FirewallRule[], port: number): string[] {
  const own = rules.filter((rule) => rule.port === port);
  const refused = own.findIndex(({ verdict, from }) => verdict === 'deny' && from === undefined);
  return own.slice(0, refused < 0 ? undefined : refused).map(({ from }) => from ?? 'any');
}

/** What ufw makes of rules: answers and loopback pass, then the rules in order, the rest is dropped. */
export function iptablesCommands(
  rules: readonly FirewallRule[],
  addressOf: (name: string) => readonly string[],
): string[] {
  const chain = rules.flatMap(({ verdict, from, port }) => {
    const sources = from === undefined ? [''] : addressOf(from).map((address) => ` -s ${address}`);
    return sources.map(
      (source) =>
        `iptables -A INPUT -p tcp${source} --dport ${String(port)} -j ${verdict === 'allow' ? 'ACCEPT' : 'DROP'}`,
    );
  });
  return [
    'iptables -A INPUT -i lo -j ACCEPT',
    'iptables -A INPUT -p tcp ! --syn -j ACCEPT',
    ...chain,
    'iptables -P INPUT DROP',
  ];
}

/** A machine with the backends' firewall and something listening on each port that it names. */
interface GuardedHost {
  readonly replica: CaseReplica;
  /** The rules as they were written. */
  readonly text: string;
  readonly rules: readonly FirewallRule[];
}

/** A machine that stands for a backend host, with the variant's rules in force: one for all cases. */
function guardedHost(context: CaseContext): Promise<GuardedHost | undefined> {
  return context.session.once('a host with the firewall of backends', () => startGuarded(context.session));
}

async function startGuarded(session: Session): Promise<GuardedHost | undefined> {
  const text = await session.variantFile('firewall/backend.rules');
  if (text === null) return undefined;
  const rules = parseRules(text);
  const hasBackends = session.topology.services.some(({ role }) => role === 'app');
  // A port that no rule names is dropped, whether or not something listens there.
  const listeners = [...new Set(rules.map(({ port }) => `listen ${String(port)};`))].join(' ');
  const replica = await session.standing({
    backends: hasBackends ? 'shared' : 'private',
    freshNetwork: true,
    edit: (path, config) =>
      path === 'nginx.conf' ? config.replace(/\}\s*$/, `server { ${listeners} return 204; }\n}\n`) : config,
  });
  const commands = iptablesCommands(rules, (name) => addressesOf(session.topology, name));
  await mustExec(replica.gateway.service.containerId, ['sh', '-ec', commands.join('\n')], { user: 'root' });
  return { replica, text, rules };
}

/** Machines that an environment may have; a topology of a part of them has fewer. */
const MACHINE = /^(gateway|admin|customer|auth|postgres|redis|monitoring)-\d+$/;

/**
 * Every address that a source of the rules stands for in this run; a written
 * address or network is taken as it is.
 * @throws {SyntaxError} for a name that nobody has
 */
export function addressesOf(
  { services, networks }: Pick<TopologyDescriptor, 'services' | 'networks'>,
  name: string,
): string[] {
  if (name === 'any') return ['0.0.0.0/0'];
  if (/^\d+(\.\d+){3}(\/\d+)?$/.test(name)) return [name];
  if (name === 'internal') return [networks['operators']?.cidr ?? ''];
  const service = services.find((candidate) => candidate.name === name);
  if (service) return Object.values(service.addresses);
  if (!MACHINE.test(name)) throw new SyntaxError(`no such source in a firewall rule: ${name}`);
  // A machine that this topology does not have needs no rule.
  return [];
}

/** One attempt from a container of the run. */
interface Knock {
  readonly from: string;
  readonly port: number;
  readonly mustOpen: boolean;
  readonly open: boolean;
}

async function knock(
  context: CaseContext,
  host: GuardedHost,
  from: string,
  port: number,
  mustOpen: boolean,
): Promise<Knock> {
  const address = host.replica.gateway.service.addresses['backend'] ?? '';
  const { exitCode } = await exec(context.session.service(from).containerId, [
    'timeout',
    String(CONNECT_LIMIT_S),
    'bash',
    '-c',
    `exec 3<>/dev/tcp/${address}/${String(port)}`,
  ]);
  return { from, port, mustOpen, open: exitCode === 0 };
}

/** One attempt from a client's address, on the network where the host meets it. */
async function knockAsClient(
  context: CaseContext,
  host: GuardedHost,
  block: 'operators' | 'clients',
  port: number,
  mustOpen: boolean,
): Promise<Knock> {
  const client = context.fresh(block);
  const address = host.replica.gateway.service.addresses[client.network] ?? '';
  const target = { name: 'backend host', address, port, mustBeOpen: mustOpen };
  const [seen] = await reach(context, [target], client.address);
  return { from: `${block} (${client.address})`, port, mustOpen, open: seen?.open === true };
}

function judgeKnocks(expected: string, knocks: readonly Knock[], text: string, mechanism?: string): Outcome {
  const wrong = knocks.filter(({ open, mustOpen }) => open !== mustOpen);
  const rules = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .join('\n');
  return judged(
    wrong.length === 0,
    expected,
    wrong.length === 0
      ? `${String(knocks.length)} attempts, each as promised`
      : listed(
          wrong.map(({ from, port, open }) => `${from} to port ${String(port)}: ${open ? 'connected' : 'dropped'}`),
          6,
        ),
    [
      table(
        'connecting to a machine with these rules',
        ['from', 'port', 'result'],
        knocks.map(({ from, port, open }) => [from, port, open ? 'connected' : 'dropped']),
      ),
      { kind: 'config', title: 'firewall of the backend hosts', text: rules },
    ],
    mechanism,
  );
}

const NO_RULES = 'this variant has no firewall for its backend hosts';

/** Machines of the internal network that are no gateways: one of each kind. */
const OTHERS = ['inspector', 'monitoring-1', 'admin-1', 'customer-1', 'auth-1', 'redis-1'];

/** Service ports: open to the machines at the documented addresses, closed to every other one and to clients. */
export async function servicePortsGuarded(
  context: CaseContext,
  ports: readonly number[],
  allowed: readonly string[],
): Promise<Outcome> {
  const { services, addressMap } = context.session.topology;
  const gateways = allowed.map((address) => addressMap[address]?.split(' ')[0] ?? address);
  const expected = `ports ${ports.join(' and ')} of a backend host accept ${gateways.join(' and ')} alone`;
  const host = await guardedHost(context);
  if (!host) return notApplicable(expected, NO_RULES);
  const others = services.filter(({ name }) => OTHERS.includes(name)).map(({ name }) => name);
  const knocks = await Promise.all(
    ports.flatMap((port) => [
      ...gateways.map((from) => knock(context, host, from, port, true)),
      ...others.map((from) => knock(context, host, from, port, false)),
      knockAsClient(context, host, 'operators', port, false),
      knockAsClient(context, host, 'clients', port, false),
    ]),
  );
  return together([judgeAdmitted(gateways, ports, host.rules), judgeKnocks(expected, knocks, host.text)]);
}

/** Judges whom the rules name for these ports: not every machine that they might let in can be tried. */
export function judgeAdmitted(
  wanted: readonly string[],
  ports: readonly number[],
  rules: readonly FirewallRule[],
): Outcome {
  const wrong = ports.flatMap((port) => {
    const found = admitted(rules, port);
    const same = found.toSorted().join(' ') === wanted.toSorted().join(' ');
    return same ? [] : [`port ${String(port)} from ${found.join(', ') || 'nobody'}`];
  });
  return judged(
    wrong.length === 0,
    `the rules name ${wanted.join(' and ')} for each port`,
    wrong.length === 0 ? 'they name these' : `they allow ${wrong.join('; ')}`,
    [],
  );
}

/** With the rules in force, the monitoring must still reach what it scrapes. */
export async function monitoringPasses(context: CaseContext, ports: readonly number[]): Promise<Outcome> {
  const expected = `the monitoring reaches ports ${ports.join(' and ')} of a backend host through its firewall`;
  const monitoring = context.session.topology.services.find(({ role }) => role === 'monitoring');
  if (!monitoring) return notApplicable(expected, 'this topology has no monitoring');
  const host = await guardedHost(context);
  if (!host) return notApplicable(expected, NO_RULES);
  const knocks = await Promise.all(ports.map((port) => knock(context, host, monitoring.name, port, true)));
  return judgeKnocks(
    expected,
    knocks,
    host.text,
    'the rules name the service ports and the remote shell; everything else is dropped, what is scraped included',
  );
}

/** Where a variant says how it deploys, below its folder; a variant without it has the document's script alone. */
const DEPLOYMENT = 'files/usr/local/etc/deployment.conf';

/**
 * The machine that polls the health of instances during a deployment: what the variant
 * names, else the monitoring, which is no gateway, as the host of the script is none.
 */
export function pollingHost(deployment: string | undefined): string {
  return /^polled_from=(\S+)$/m.exec(deployment ?? '')?.[1] ?? 'monitoring-1';
}

/** With the rules in force, a deployment must still see the health of an instance on its service port. */
export async function healthPolled(context: CaseContext, ports: readonly number[]): Promise<Outcome> {
  const { services } = context.session.topology;
  const from = pollingHost((await context.session.variantFile(DEPLOYMENT)) ?? undefined);
  const expected = `a deployment polls health on ports ${ports.join(' and ')} of a backend host from ${from}`;
  if (!services.some(({ name }) => name === from)) return notApplicable(expected, `this topology has no ${from}`);
  const host = await guardedHost(context);
  if (!host) return notApplicable(expected, NO_RULES);
  const knocks = await Promise.all(ports.map((port) => knock(context, host, from, port, true)));
  return judgeKnocks(
    expected,
    knocks,
    host.text,
    'the rules let the gateways alone reach the service ports; the host that deploys is none of them and would poll for ever',
  );
}

/** The remote shell: open to the internal network, closed to clients. */
export async function shellGuarded(context: CaseContext, port: number): Promise<Outcome> {
  const expected = `port ${String(port)} of a backend host is open to the internal network alone`;
  const host = await guardedHost(context);
  if (!host) return notApplicable(expected, NO_RULES);
  const knocks = await Promise.all([
    knockAsClient(context, host, 'operators', port, true),
    knockAsClient(context, host, 'clients', port, false),
    knock(context, host, 'inspector', port, false),
  ]);
  return judgeKnocks(expected, knocks, host.text);
}
