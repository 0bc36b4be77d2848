/** Client addresses for tools that have one source address: connections get them from the kernel. */
import { block } from '../../environments/harness/addresses.ts';
import type { GeneratorHost } from './engine.ts';

const RULES_PATH = '/tmp/gateproof-snat.rules';

/**
 * Gives new connections to `gateway` the first addresses of a block in turn, until it is
 * disposed of: at least as many as there are users, so that the next connection of a user
 * comes from the address of its last.
 *
 * @throws Error when the rules cannot be loaded, RangeError when the block is too small
 */
export async function spreadOverAddresses(
  host: GeneratorHost,
  { users, clientBlock, gateway }: { readonly users: number; readonly clientBlock: string; readonly gateway: string },
): Promise<AsyncDisposable> {
  const must = async (argv: readonly string[]): Promise<void> => {
    const { exitCode, stderr } = await host.exec(argv);
    if (exitCode !== 0) throw new Error(`client addresses cannot be spread: ${stderr.trim().slice(-300)}`);
  };
  await host.putFiles({ [RULES_PATH]: natRules(users, clientBlock, gateway) });
  await must(['iptables-restore', '--noflush', RULES_PATH]);
  return {
    [Symbol.asyncDispose]: () => must(['iptables', '-t', 'nat', '-D', 'POSTROUTING', ...toChains(gateway)]),
  };
}

const toChains = (gateway: string): string[] => ['-d', gateway, '-p', 'tcp', '-j', 'GATEPROOF'];

/**
 * Rules for iptables-restore(8). Chains of chains, all of one length: a new connection passes
 * about twice the square root of their number, and after as many connections as there are
 * addresses everything begins anew.
 *
 * @throws RangeError when the block has too few addresses
 */
export function natRules(users: number, clientBlock: string, gateway: string): string {
  const owned = block(clientBlock);
  const chains = Math.ceil(Math.sqrt(users));
  const length = Math.ceil(users / chains);
  if (chains * length > owned.size - 2)
    throw new RangeError(`${String(users)} users need more addresses than ${clientBlock} has`);
  const name = (chain: number): string => `GATEPROOF-${String(chain)}`;
  const inTurn = (n: number, of: number): string => `-m statistic --mode nth --every ${String(of - n)} --packet 0`;
  const each = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));
  return [
    '*nat',
    ':GATEPROOF - [0:0]',
    ...each(chains, (chain) => `:${name(chain)} - [0:0]`),
    `-I POSTROUTING ${toChains(gateway).join(' ')}`,
    ...each(chains, (chain) => `-A GATEPROOF ${inTurn(chain, chains)} -j ${name(chain)}`),
    ...each(chains, (chain) =>
      each(
        length,
        (n) => `-A ${name(chain)} ${inTurn(n, length)} -j SNAT --to-source ${owned.at(1 + chain * length + n)}`,
      ),
    ).flat(),
    'COMMIT',
    '',
  ].join('\n');
}
