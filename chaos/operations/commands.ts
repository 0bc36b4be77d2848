/** Commands of an operator in the containers of a topology. */
import type { ChaosTarget } from '../runner/target.ts';

/** Nodes that run the gateway. */
export function gatewayNodes(target: ChaosTarget): readonly string[] {
  return target.services.filter((name) => name.startsWith('gateway-'));
}

/** What a command printed. @throws Error with its last words when it fails */
export async function mustRun(target: ChaosTarget, service: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await target.exec(service, argv);
  if (exitCode === 0) return stdout;
  throw new Error(
    `\`${argv.join(' ').slice(0, 80)}\` on ${service} ended with ${exitCode}: ${(stderr || stdout).trim().slice(-300)}`,
  );
}
