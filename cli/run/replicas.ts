/** A gateway that sends requests to fewer instances of a pool than its configuration lists. */
import { join } from 'node:path';
import { configTexts } from '../../environments/harness/config.ts';
import { mustExec, putFiles } from '../../environments/harness/containers.ts';
import type { FileToPut } from '../../environments/harness/containers.ts';
import { ENVIRONMENTS_DIR, loadEnvironment } from '../../environments/harness/environments.ts';
import { dumpedFiles, wholeConfig } from '../../environments/harness/nginx-config.ts';
import type { ConfigFiles } from '../../environments/harness/nginx-config.ts';
import { reloadNginx } from '../../environments/harness/nginx-reload.ts';
import { poolOf, withIdle } from '../../environments/harness/pool.ts';
import type { Pool } from '../../environments/harness/pool.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import { UsageError } from '../../environments/ledger/errors.ts';
import type { Replicas, VariantName } from '../../reports/record/types.ts';
import type { Scenario } from '../../scenarios/scenario.ts';

/**
 * Checks before anything starts that a variant can take so many instances.
 *
 * @throws {UsageError} that says what is possible
 */
export async function requireReplicas(
  environment: string,
  variant: VariantName,
  { routes }: Scenario,
  counts: readonly number[],
): Promise<void> {
  const [files, { serverName }] = await Promise.all([
    configTexts(join(ENVIRONMENTS_DIR, environment, variant)),
    loadEnvironment(environment),
  ]);
  const pool = poolIn(files, serverName, routes);
  const most = pool.members.length;
  const spares = pool.spares.length === 0 ? '' : ` besides ${pool.spares.join(', ')}, which only stands in`;
  if (counts.some((count) => count > most))
    throw new UsageError(
      `The ${pool.name} pool of ${variant} has ${String(most)} instances that take requests${spares}.`,
      `Give numbers from 1 to ${String(most)}.`,
    );
}

/** @throws {UsageError} when the routes reach no single pool */
function poolIn(files: ConfigFiles, serverName: string, routes: Scenario['routes']): Pool {
  try {
    return poolOf(
      wholeConfig(files),
      serverName,
      routes.map(({ path }) => path),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(
      `--replicas needs a mix that one pool answers; ${error.message}.`,
      'Choose another --target, such as api-latency.',
      { cause: error },
    );
  }
}

/**
 * Lets the first `count` instances of the pool behind the routes take all requests of a gateway,
 * until disposed of. The others keep running. Spares are among them: they would hide a failure.
 *
 * @throws HarnessError when nginx does not take the change over in time
 */
export async function onlyReplicas(
  gateway: ServiceRef,
  serverName: string,
  { routes }: Scenario,
  count: number,
): Promise<{ readonly replicas: Replicas } & AsyncDisposable> {
  const before = dumpedFiles(await mustExec(gateway.containerId, ['nginx', '-T', '-q']));
  const { name, members, spares } = poolIn(before, serverName, routes);
  const idle = [...members.slice(count), ...spares];
  const edited = [...before].flatMap(([path, text]) => {
    const changed = withIdle(text, idle);
    return changed === text ? [] : [{ path: `/etc/nginx/${path}`, content: changed, before: text }];
  });
  const put = (files: readonly FileToPut[]): Promise<void> =>
    reloadNginx(gateway, 'other instances', () => putFiles(gateway.containerId, files));
  await put(edited.map(({ path, content }) => ({ path, content })));
  return {
    replicas: { pool: name, count, idle },
    [Symbol.asyncDispose]: () => put(edited.map(({ path, before: content }) => ({ path, content }))),
  };
}
