import { join, relative } from 'node:path';
import { tree } from '../../environments/harness/config.ts';
import { exec, mustExec, putFiles } from '../../environments/harness/containers.ts';
import type { CaseContext } from '../context.ts';
import type { Gateway } from '../gateway.ts';

/** A jail as the running server reports it. */
export interface Jail {
  readonly name: string;
  /** An address is banned at so many failures … */
  readonly maxretry: number;
  /** … within so long, s. */
  readonly findtime_s: number;
  readonly bantime_s: number;
}

/** An address on the list of a jail. */
export interface Ban {
  readonly jail: string;
  readonly address: string;
  /** How long the ban lasts in all, s. */
  readonly lasts_s: number;
}

/** Fail2ban beside a gateway, in its network namespace, after it was told to start. */
export interface Fail2ban {
  readonly gateway: Gateway;
  /** The jails as the variant writes them. */
  readonly config: string;
  /** False when it refused to start. */
  readonly running: boolean;
  /** What it complained about while it started. */
  readonly complaints: readonly string[];
  readonly jails: readonly Jail[];
}

/** Folder of a variant that becomes `/etc/fail2ban`. */
const FOLDER = 'fail2ban';

/** Exit codes of the look at what is there before any configuration is. */
const NO_PROGRAM = 10;
const NO_RULES = 11;

/**
 * What a ban needs: the program, rules as its action makes them, and the
 * distribution's own configuration in order. Whatever fails later is due to the variant.
 */
const LOOK = `
command -v fail2ban-client > /dev/null || exit ${String(NO_PROGRAM)}
iptables -N gateproof-look || exit ${String(NO_RULES)}
iptables -A gateproof-look -p tcp -m multiport --dports 80,443 -j REJECT || exit ${String(NO_RULES)}
iptables -F gateproof-look
iptables -X gateproof-look
fail2ban-client --test
`;

/** One line a jail: name, maxretry, findtime, bantime. */
const JAILS = `
fail2ban-client ping > /dev/null 2>&1 || exit 0
for jail in $(fail2ban-client status | sed -n 's/.*Jail list://p' | tr ',' ' '); do
  echo "$jail $(fail2ban-client get $jail maxretry) $(fail2ban-client get $jail findtime) $(fail2ban-client get $jail bantime)"
done
`;

/**
 * Starts Fail2ban with the variant's configuration on a gateway of the case's own. It ends
 * with the gateway's container, and its rules with the network namespace.
 *
 * @returns why not, when that is no fault of the variant's configuration
 * @throws {HarnessError} when it does not even accept the distribution's configuration
 */
export async function startFail2ban(context: CaseContext, gateway: Gateway): Promise<Fail2ban | string> {
  const files = await configFiles(context);
  if (files.length === 0) return 'this variant has no configuration for Fail2ban';
  const { containerId } = gateway.service;
  const look = await exec(containerId, ['sh', '-c', LOOK], { user: 'root' });
  if (look.exitCode === NO_PROGRAM) return 'the gateway image has no Fail2ban';
  if (look.exitCode === NO_RULES)
    return `this machine cannot load the rules of a ban: ${look.stderr.trim().slice(-200)}`;
  if (look.exitCode !== 0) throw new Error(`Fail2ban refuses its own configuration: ${look.stderr.trim().slice(-300)}`);
  await putFiles(containerId, files);
  const { stderr } = await exec(containerId, ['fail2ban-client', 'start'], { user: 'root' });
  const jails = parseJails(await mustExec(containerId, ['sh', '-c', JAILS], { user: 'root' }));
  const alive = await exec(containerId, ['fail2ban-client', 'ping'], { user: 'root' });
  return {
    gateway,
    config: files.find(({ path }) => path.endsWith('/jail.local'))?.content ?? '',
    running: alive.exitCode === 0,
    complaints: complaintsIn(stderr),
    jails,
  };
}

/** The variant's files, edited when a mutant is tried. */
async function configFiles({ session }: CaseContext): Promise<{ path: string; content: string }[]> {
  const { configDir } = session.topology;
  const paths = (await tree(join(configDir, FOLDER))).map((path) => relative(configDir, path));
  return Promise.all(
    paths.map(async (path) => ({ path: `/etc/${path}`, content: (await session.variantFile(path)) ?? '' })),
  );
}

/** Reads lines of a jail's name and its three numbers. */
export function parseJails(text: string): Jail[] {
  return [...text.matchAll(/^(\S+) (\d+) (\d+) (-?\d+)$/gm)].map(([, name = '', maxretry, findtime, bantime]) => ({
    name,
    maxretry: Number(maxretry),
    findtime_s: Number(findtime),
    bantime_s: Number(bantime),
  }));
}

/** What Fail2ban said at level ERROR, without time and process; each complaint once. */
export function complaintsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/ERROR\s+(.+)$/gm)].map(([, said = '']) => said.trim()))];
}

/** Reads `banip --with-time`: an address, when it was banned, and for how many seconds. */
export function parseBans(jail: string, text: string): Ban[] {
  return [...text.matchAll(/^(\S+)\s+\S+ \S+ \+ (-?\d+) = /gm)].map(([, address = '', lasts]) => ({
    jail,
    address,
    lasts_s: Number(lasts),
  }));
}

/** Everybody on a list of the running server. */
export async function bans({ gateway, jails }: Fail2ban): Promise<Ban[]> {
  const lists = await Promise.all(
    jails.map(async ({ name }) => {
      const argv = ['fail2ban-client', 'get', name, 'banip', '--with-time'];
      return parseBans(name, await mustExec(gateway.service.containerId, argv, { user: 'root' }));
    }),
  );
  return lists.flat();
}

/** Bans of this jail last so long; those in force too, unless failures came after them. */
export async function setBantime({ gateway }: Fail2ban, jail: string, bantime_s: number): Promise<void> {
  const argv = ['fail2ban-client', 'set', jail, 'bantime', String(bantime_s)];
  await mustExec(gateway.service.containerId, argv, { user: 'root' });
}

/** The rules that the bans have become, and the last lines of Fail2ban's log about some addresses. */
export async function traces(
  { gateway }: Fail2ban,
  addresses: readonly string[],
): Promise<{ rules: string[]; log: string[] }> {
  const { containerId } = gateway.service;
  const [rules, log] = await Promise.all([
    exec(containerId, ['iptables', '-S'], { user: 'root' }),
    exec(containerId, ['sh', '-c', 'cat /var/log/fail2ban.log'], { user: 'root' }),
  ]);
  const lines = log.stdout.split('\n');
  return {
    rules: rules.stdout.split('\n').filter((line) => line.includes('f2b-')),
    log: [
      ...lines.filter((line) => / (?:ERROR|NOTICE) /.test(line)),
      ...addresses.flatMap((address) => lines.filter((line) => line.includes(`Found ${address} `)).slice(-2)),
    ],
  };
}
