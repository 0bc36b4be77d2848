import { PassThrough } from 'node:stream';
import type { Duplex, Readable, Writable } from 'node:stream';
import type Docker from 'dockerode';
import tar from 'tar-stream';
import { docker, isStatus, removeContainer, RUN_LABEL } from './docker.ts';
import { inEngineQueue } from './engine-queue.ts';
import { HarnessError } from './errors.ts';
import { containerName, networkName } from './networks.ts';
import type { ExecResult, ServiceRole } from './types.ts';

export interface FileToPut {
  /** Absolute path in the container. */
  readonly path: string;
  readonly content: string | Buffer;
  /** Permission bits; 0o644 when absent. */
  readonly mode?: number;
}

export interface ContainerSpec {
  readonly runId: string;
  readonly name: string;
  readonly role: ServiceRole;
  readonly image: string;
  /** Network short name → fixed address; the first one is attached at creation. Empty with `networkOf`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Container whose network namespace it shares, host name and names of `hosts` included. */
  readonly networkOf?: string;
  readonly aliases?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly hosts?: Readonly<Record<string, string>>;
  readonly files?: readonly FileToPut[];
  /** Volume name → path. */
  readonly volumes?: Readonly<Record<string, string>>;
  readonly tmpfs?: Readonly<Record<string, string>>;
  readonly capabilities?: readonly string[];
  readonly sysctls?: Readonly<Record<string, string>>;
  readonly memory_mib?: number;
  /** Weight of the container when cores are short; 1,024 when absent. See {@link CPU_SHARES}. */
  readonly cpuShares?: number;
}

/**
 * A priority inside a container ranks only among the container's own processes, so
 * containers are weighed. Instruments come before all other work (the largest share
 * that the kernel knows): one that waits for a core measures the machine. Gateways
 * come before what shares their cores only because a run has a single machine.
 */
export const CPU_SHARES = { instrument: 262_144, gateway: 8_192 } as const;

/**
 * Creates and starts a container with fixed addresses on the run's networks.
 * Files are put in between creation and start, so that the main process finds them.
 */
export async function startContainer(spec: ContainerSpec): Promise<string> {
  const [first, ...others] = Object.entries(spec.addresses);
  if ((first === undefined) === (spec.networkOf === undefined))
    throw new RangeError(`${spec.name} needs addresses or another container's network`);
  const container = await docker().createContainer({
    name: containerName(spec.runId, spec.name),
    Image: spec.image,
    ...(spec.networkOf === undefined ? { Hostname: spec.name } : {}),
    Env: Object.entries(spec.env ?? {}).map(([key, value]) => `${key}=${value}`),
    ...(spec.command ? { Cmd: [...spec.command] } : {}),
    Labels: { [RUN_LABEL]: spec.runId, 'gateproof.service': spec.name, 'gateproof.role': spec.role },
    HostConfig: {
      NetworkMode: first ? networkName(spec.runId, first[0]) : `container:${spec.networkOf ?? ''}`,
      ExtraHosts: Object.entries(spec.hosts ?? {}).map(([host, address]) => `${host}:${address}`),
      Binds: Object.entries(spec.volumes ?? {}).map(([volume, path]) => `${volume}:${path}`),
      Tmpfs: { ...spec.tmpfs },
      CapAdd: [...(spec.capabilities ?? [])],
      Sysctls: { ...spec.sysctls },
      Init: true,
      // The engine must not bring back what a fault took away.
      RestartPolicy: { Name: 'no' },
      ...(spec.memory_mib ? { Memory: spec.memory_mib * 2 ** 20 } : {}),
      ...(spec.cpuShares ? { CpuShares: spec.cpuShares } : {}),
    },
    ...(first
      ? { NetworkingConfig: { EndpointsConfig: { [networkName(spec.runId, first[0])]: endpoint(first[1], spec) } } }
      : {}),
  });
  try {
    for (const [network, address] of others) {
      await docker()
        .getNetwork(networkName(spec.runId, network))
        .connect({ Container: container.id, EndpointConfig: endpoint(address, spec) });
    }
    if (spec.files?.length) await putFiles(container.id, spec.files);
    await inEngineQueue(() => container.start());
  } catch (error) {
    // Half a container would keep its address and its name from the next one.
    await removeContainer(container.id);
    throw error;
  }
  return container.id;
}

function endpoint(address: string, spec: ContainerSpec): Docker.EndpointSettings {
  return {
    IPAMConfig: { IPv4Address: address },
    Aliases: [spec.name, ...(spec.aliases ?? [])],
  };
}

/** Writes files into a container, also one that is not running; folders appear as needed. */
export async function putFiles(containerId: string, files: readonly FileToPut[]): Promise<void> {
  const pack = tar.pack();
  for (const { path, content, mode } of files) {
    pack.entry({ name: path.replace(/^\//, ''), mode: mode ?? 0o644 }, content);
  }
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  await docker().getContainer(containerId).putArchive(Buffer.concat(chunks), { path: '/' });
}

/** Reads one file out of a container. @throws {HarnessError} when it is not there. */
export async function readFile(containerId: string, path: string): Promise<string> {
  try {
    const archive = await docker().getContainer(containerId).getArchive({ path });
    const extract = tar.extract();
    archive.pipe(extract);
    const chunks: Buffer[] = [];
    for await (const entry of extract) {
      for await (const chunk of entry) chunks.push(chunk as Buffer);
    }
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (isStatus(error, 404))
      throw new HarnessError(
        `${path} is not in container ${containerId.slice(0, 12)}`,
        'see the log of the container',
        { cause: error },
      );
    throw error;
  }
}

export interface ExecOptions {
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end and returns what it printed. */
export async function exec(
  containerId: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const { exec: handle, stream } = await openExec(containerId, argv, options, false);
  const out = new PassThrough();
  const err = new PassThrough();
  docker().modem.demuxStream(stream, out, err);
  const [stdout, stderr] = [collect(out), collect(err)];
  await new Promise<void>((resolve, reject) => {
    stream.once('end', resolve).once('close', resolve).once('error', reject);
  });
  out.end();
  err.end();
  const { ExitCode } = await handle.inspect();
  return { exitCode: ExitCode ?? -1, stdout: await stdout, stderr: await stderr };
}

/** Like {@link exec}, but a failure is an error. @throws {HarnessError} with what the command printed. */
export async function mustExec(
  containerId: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<string> {
  const result = await exec(containerId, argv, options);
  if (result.exitCode !== 0) {
    throw new HarnessError(
      `\`${argv.join(' ').trim().slice(0, 80)}\` ended with ${String(result.exitCode)}: ${(result.stderr || result.stdout).trim().slice(-600)}`,
      'see the log of the container in the folder of the run',
    );
  }
  return result.stdout;
}

export interface ExecStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves with the exit code when the command has ended. */
  readonly ended: Promise<number>;
  /** Ends the standard input and lets go of the connection. */
  close(): void;
}

/** Starts a command whose standard streams stay open: agents, load generators. */
export async function streamExec(
  containerId: string,
  argv: readonly string[],
  options: ExecOptions = {},
): Promise<ExecStreams> {
  const { exec: handle, stream } = await openExec(containerId, argv, options, true);
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  docker().modem.demuxStream(stream, stdout, stderr);
  const ended = new Promise<number>((resolve) => {
    const finish = (): void => {
      stdout.end();
      stderr.end();
      handle.inspect().then(
        ({ ExitCode }) => {
          resolve(ExitCode ?? -1);
        },
        () => {
          resolve(-1);
        },
      );
    };
    // A stream that is let go closes without an end.
    stream.once('end', finish).once('close', finish).once('error', finish);
  });
  return {
    stdin: stream,
    stdout,
    stderr,
    ended,
    close: () => {
      stream.end();
      stream.destroy();
    },
  };
}

async function openExec(
  containerId: string,
  argv: readonly string[],
  options: ExecOptions,
  stdin: boolean,
): Promise<{ exec: Docker.Exec; stream: Duplex }> {
  const handle = await running(containerId, () =>
    docker()
      .getContainer(containerId)
      .exec({
        Cmd: [...argv],
        AttachStdin: stdin,
        AttachStdout: true,
        AttachStderr: true,
        ...(options.user ? { User: options.user } : {}),
        ...(options.env ? { Env: Object.entries(options.env).map(([key, value]) => `${key}=${value}`) } : {}),
      }),
  );
  return { exec: handle, stream: await handle.start({ hijack: true, stdin, Tty: false }) };
}

/** The last lines that a container printed, without control characters. */
export async function lastWords(containerId: string): Promise<string> {
  const log = await docker().getContainer(containerId).logs({ stdout: true, stderr: true, tail: 15 });
  return log
    .toString('utf8')
    .replace(/[^\x20-\x7e\n]/g, '')
    .trim();
}

/** Explains an engine's refusal to work with a container that has ended: by what it said last. */
async function running<T>(containerId: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!isStatus(error, 409)) throw error;
    const { Name } = await docker().getContainer(containerId).inspect();
    throw new HarnessError(
      `${Name.slice(1)} is not running; it said: ${await lastWords(containerId)}`,
      'see the log of the container in the folder of the run',
      { cause: error },
    );
  }
}

async function collect(stream: PassThrough): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
