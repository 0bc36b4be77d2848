/**
 * Containers that somebody else runs are never touched: neither one without a label
 * nor one of another run, whatever a fault asks for.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { docker, removeContainer, RUN_LABEL } from '../../environments/harness/docker.ts';
import { FaultActions, NotOurs } from '../../environments/harness/fault-actions.ts';

const RUN = `test-${randomUUID().slice(0, 8)}`;
/** Any image that is there: the container only sleeps. */
const IMAGE = 'gateproof/gateway';
const CREATED: string[] = [];
const actions = new FaultActions(RUN, IMAGE);

const ATTEMPTS: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  kill: (id) => actions.kill(id),
  stop: (id) => actions.stop(id, 1),
  start: (id) => actions.start(id),
  pause: (id) => actions.pause(id),
  unpause: (id) => actions.unpause(id),
  exec: (id) => actions.exec(id, ['touch', '/tmp/touched']),
  networkExec: (id) => actions.networkExec(id, ['ip', 'link']),
  networkHelper: (id) => actions.networkHelper(id),
  disconnect: (id) => actions.disconnect(id, 'edge'),
  connect: (id) => actions.connect(id, 'edge', '198.18.0.9'),
  limit: (id) => actions.limit(id, { cpus: 0.1 }),
  put: (id) => actions.put(id, '/tmp/touched', 'x'),
};

let image = '';
beforeAll(async () => {
  const found = await docker().listImages({ filters: { reference: [IMAGE] } });
  image = found[0]?.Id ?? '';
  expect(image, 'an image of the gateway: build it with gateproof up').not.toBe('');
});

afterAll(async () => {
  await Promise.all(CREATED.map((id) => removeContainer(id)));
});

async function sleeper(labels: Readonly<Record<string, string>>): Promise<string> {
  const container = await docker().createContainer({
    Image: image,
    Cmd: ['sleep', '300'],
    Labels: { ...labels },
    HostConfig: { NetworkMode: 'none' },
  });
  CREATED.push(container.id);
  await container.start();
  return container.id;
}

/** Everything that an attempt could have changed. */
async function looks(id: string): Promise<unknown> {
  const container = docker().getContainer(id);
  const { State, HostConfig, NetworkSettings } = await container.inspect();
  return { State, HostConfig, networks: Object.keys(NetworkSettings.Networks), changes: await container.changes() };
}

test.each([
  ['without a label', {}],
  ['of another run', { [RUN_LABEL]: 'another-run' }],
])('a container %s is left alone by every action', async (_, labels) => {
  const id = await sleeper(labels);
  const before = await looks(id);
  for (const [name, attempt] of Object.entries(ATTEMPTS)) {
    await expect(attempt(id), name).rejects.toThrow(NotOurs);
  }
  expect(await looks(id)).toEqual(before);
});

test('every action that a fault may take is tried', () => {
  const methods = Object.getOwnPropertyNames(FaultActions.prototype).filter(
    (name) => !['constructor', 'inspect'].includes(name),
  );
  expect(Object.keys(ATTEMPTS).toSorted()).toEqual(methods.toSorted());
});
