import type { CaseContext } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { officeClient } from './access.ts';
import { admitsOnly, allowList, argsOf, configTree, everywhere } from './config-tree.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Probe } from './exchange.ts';
import { showsStatistics } from './local-answers.ts';

/** Where the statistics are, who may read them, and what others get. */
export interface GuardedStatistics {
  readonly path: string;
  readonly allow: readonly string[];
  readonly status: number;
}

/** A location that shows connection statistics to whoever reaches it. */
export interface StatisticsLocation {
  readonly path: string;
  /** Its server listens on this machine's own loopback alone. */
  readonly local: boolean;
  readonly allow: readonly string[];
  readonly asPromised: boolean;
}

/** Every location of a configuration that shows the statistics, with the sources it lets in. */
export function statisticsLocations(config: string, sources: readonly string[]): StatisticsLocation[] {
  return everywhere(configTree(config), 'stub_status').map(({ around }) => {
    const [location = { name: '', args: [] }, server] = around.toReversed();
    const listens = server ? argsOf(server, 'listen').map(([address = '']) => address) : [];
    return {
      path: location.args.at(-1) ?? '',
      local: listens.length > 0 && listens.every((address) => /^(127\.|\[::1\]|unix:)/.test(address)),
      allow: allowList(location).allow,
      asPromised: admitsOnly(location, sources),
    };
  });
}

/** Judges that every such location that others can reach lets in the promised sources alone. */
export function judgeStatisticsLocations(
  sources: readonly string[],
  locations: readonly StatisticsLocation[],
): Outcome {
  const wrong = locations.filter(({ local, asPromised }) => !local && !asPromised);
  return judged(
    locations.length > 0 && wrong.length === 0,
    `each location with statistics: allow ${sources.join(', ')}, deny all`,
    wrong.length === 0
      ? `${String(locations.length)} locations, as promised`
      : wrong.map(({ path, allow }) => `${path} allows ${allow.join(', ') || 'everybody'}`).join('; '),
    [
      table(
        'locations with stub_status (nginx -T)',
        ['location', 'allow', 'reached by'],
        locations.map(({ path, allow, local }) => [
          path,
          allow.join(', '),
          local ? 'this machine alone' : 'the network',
        ]),
      ),
    ],
  );
}

/** Asks for the statistics from inside and outside, wherever the configuration has them, with TLS and without. */
export async function statisticsGuarded(context: CaseContext, promised: GuardedStatistics): Promise<Outcome> {
  const { gateway } = context;
  const { path, status } = promised;
  const locations = statisticsLocations(await gateway.config(), promised.allow);
  const forged = { 'x-forwarded-for': '10.1.2.3', 'x-real-ip': '10.1.2.3' };
  const office = officeClient(context);
  const outside: Probe[] = [
    { client: context.client(), path },
    { client: context.client(), path, headers: forged },
    ...(office ? [{ client: office, path }] : []),
  ];
  const elsewhere = [...new Set([path, ...locations.map((location) => location.path)])].flatMap((one): Probe[] => [
    { client: context.client(), path: one },
    { client: context.client(), path: one, plain: true },
  ]);
  const [inside, ...others] = await deliver(context, [
    { client: context.client('operators'), path },
    ...outside,
    ...elsewhere,
  ]);
  if (!inside) throw new Error('the agent returned too few observations');
  const local = await fromLoopback(gateway, path);
  const faults = [
    ...(showsStatistics(inside.seen) ? [] : [`from ${promised.allow.join(', ')} ${outcomeOf(inside.seen)}`]),
    ...others.flatMap(({ probe, seen }, index) => {
      const wrong = index < outside.length ? seen.status !== status : showsStatistics(seen);
      const where = `${probe.path}${probe.plain ? ' on port 80' : ''}`;
      return wrong ? [`${where} from ${probe.client.client.block} ${outcomeOf(seen)}`] : [];
    }),
    ...(local === status ? [] : [`from the gateway itself ${String(local)}`]),
  ];
  const asked = judged(
    faults.length === 0,
    `statistics for ${promised.allow.join(', ')}, ${String(status)} for everybody else`,
    faults.length === 0 ? `shown to operators alone, ${String(status)} for the others` : listed(faults),
    [proof(inside), ...others.slice(1, 2).map((one) => proof(one))],
  );
  return together([asked, judgeStatisticsLocations(promised.allow, locations)]);
}

/** Status that the gateway gets when it asks itself, by the host's name. */
async function fromLoopback(gateway: Gateway, path: string): Promise<number> {
  const { stdout } = await gateway.exec([
    'curl',
    ...['--silent', '--insecure', '--output', '/dev/null', '--write-out', '%{http_code}', '--max-time', '5'],
    ...['--resolve', `${gateway.serverName}:443:127.0.0.1`],
    `https://${gateway.serverName}${path}`,
  ]);
  return Number(stdout);
}
