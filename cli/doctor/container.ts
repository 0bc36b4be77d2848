import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { docker, OWNER_LABEL, removeContainer, RUN_LABEL } from '../../environments/harness/docker.ts';
import { imageHashes } from '../../environments/harness/images.ts';
import { imageReference } from '../../environments/harness/image-recipes.ts';
import { waitFor } from '../../environments/harness/wait.ts';
import { capability } from './capability.ts';
import type { Capability, Finding } from './capability.ts';
import type { EngineFindings } from './engine.ts';

const LIMIT_MS = 20_000;

/** Each trial succeeds or fails as a shell command in a container of its own, without any network. */
const TRIALS = {
  'NET_ADMIN in containers': {
    command: 'ip address add 198.18.255.254/32 dev lo',
    cost: 'the vantage cannot own its client addresses: nothing can be measured',
    needed: true,
  },
  'CPU pinning (cpuset)': {
    command: 'test "$(nproc)" = 1',
    cost: 'which resource ran out cannot be told; load and capacity results become inconclusive',
  },
  'tbf shaping': {
    command: 'tc qdisc add dev lo root tbf rate 1mbit burst 10kb latency 50ms && tc qdisc del dev lo root',
    cost: 'no bandwidth faults on whole containers; links through toxiproxy still have them',
  },
  'htb shaping': {
    command: 'tc qdisc add dev lo root handle 1: htb && tc qdisc del dev lo root',
    cost: 'no bandwidth faults on single peers',
  },
  netem: {
    command: 'tc qdisc add dev lo root netem delay 1ms && tc qdisc del dev lo root',
    cost: 'delay goes through toxiproxy (TCP only), loss through iptables; reordering and duplication are not applicable',
  },
  'iptables statistic': {
    command: 'iptables -A INPUT -p udp --dport 9 -m statistic --mode random --probability 0.5 -j DROP',
    cost: 'no packet-loss faults',
  },
  'IPv6 in containers': {
    command: 'ip -6 address add fd00::1/128 dev lo',
    cost: 'claims about IPv6 clients are not applicable',
  },
  'HTTP/3 in the gateway': {
    command: 'nginx -V 2>&1 | grep -q -- --with-http_v3_module',
    cost: 'claims about HTTP/3 are not applicable',
  },
  keepalived: { command: 'command -v keepalived', cost: 'claims about failover of the address are not applicable' },
} as const satisfies Record<string, { command: string; cost: string; needed?: boolean }>;

/** What only shows in a container; unknown until the gateway image is built. */
export async function containerCapabilities(engine: EngineFindings): Promise<Capability[]> {
  const findings = await tryAll(engine);
  return Object.entries(TRIALS).map(([name, trial]) =>
    capability(name, findings(name), trial.cost, 'needed' in trial && trial.needed),
  );
}

async function tryAll(engine: EngineFindings): Promise<(name: string) => Finding> {
  const nobody = (found: string) => (): Finding => ({ present: undefined, found });
  if (!engine.answers) return nobody('unknown without an engine');
  if (!engine.gatewayBuilt) return nobody('unknown until images are built');
  try {
    const outcomes = new Map<string, string>();
    for (const line of (await runTrials(engine.cpuset)).split('\n')) {
      const [name, outcome] = line.split('\t', 2);
      if (name !== undefined && outcome !== undefined) outcomes.set(name, outcome);
    }
    return (name) => {
      const outcome = outcomes.get(name);
      if (outcome === undefined) return { present: undefined, found: 'the trial gave no answer' };
      return { present: outcome === 'yes', found: outcome === 'yes' ? 'works' : outcome };
    };
  } catch (error) {
    return nobody(`the trial container failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function runTrials(cpuset: boolean): Promise<string> {
  const script = Object.entries(TRIALS).map(
    ([name, { command }]) =>
      `if why=$( (${command}) 2>&1); then printf '%s\\tyes\\n' '${name}'; else printf '%s\\t%s\\n' '${name}' "$(printf 'no: %s' "$why" | head -n 1)"; fi`,
  );
  const container = await docker().createContainer({
    Image: imageReference('gateway', imageHashes().gateway),
    Entrypoint: ['/bin/sh', '-c', script.join('\n')],
    Cmd: [],
    Labels: { [RUN_LABEL]: `doctor-${String(process.pid)}`, [OWNER_LABEL]: String(process.pid) },
    HostConfig: {
      NetworkMode: 'none',
      CapAdd: ['NET_ADMIN'],
      Sysctls: { 'net.ipv6.conf.all.disable_ipv6': '0' },
      ...(cpuset ? { CpusetCpus: '0' } : {}),
    },
  });
  try {
    await container.start();
    await waitFor('the trials of doctor', async () => !(await container.inspect()).State.Running, {
      limit_ms: LIMIT_MS,
    });
    const out = new PassThrough();
    const log = await container.logs({ stdout: true, stderr: false, follow: true });
    docker().modem.demuxStream(log, out, new PassThrough());
    log.once('end', () => {
      out.end();
    });
    return await text(out);
  } finally {
    await removeContainer(container.id);
  }
}
