/** Commands in the network namespace of a service. */
import type { ChaosTarget } from '../runner/target.ts';

/** A command that deletes a rule as often as it stands there; fine when it does not. */
export function removeRule(table: readonly string[], chain: string, rule: readonly string[]): readonly string[] {
  const all = [...table, '-D', chain, ...rule];
  return ['sh', '-c', 'while iptables "$@" 2>/dev/null; do :; done', 'undo', ...all];
}

/** Runs a command in a service's network namespace. @throws Error with what it said */
export async function must(target: ChaosTarget, service: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await target.host.networkExec(target.containerId(service), argv);
  if (exitCode !== 0)
    throw new Error(`\`${argv.join(' ')}\` for ${service} ended with ${String(exitCode)}: ${stderr.trim()}`);
  return stdout;
}

/** Aborts the connections that a service has opened to an endpoint; both ends notice at once. */
export async function cutConnections(
  target: ChaosTarget,
  service: string,
  to: { readonly address: string; readonly port: number },
): Promise<void> {
  await must(target, service, ['ss', '-K', '-Htn', 'dst', to.address, 'dport', '=', `:${String(to.port)}`]);
}
