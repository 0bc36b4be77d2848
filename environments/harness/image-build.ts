import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import tar from 'tar-stream';
import { docker } from './docker.ts';
import { HarnessError } from './errors.ts';
import { BASE_IMAGE } from './image-base.ts';
import { fetchNode } from './image-node.ts';
import { contextFiles, imageReference, RECIPES, ROOT } from './image-recipes.ts';
import type { BuildRole, ContextFile } from './image-recipes.ts';
import { followEngine } from './image-stream.ts';

const run = promisify(execFile);

/** How much of a failed build's log is shown. */
const SHOWN_LINES = 25;

export interface BuildRequest {
  readonly role: BuildRole;
  readonly hashes: Readonly<Record<BuildRole, string>>;
  /** The engine's architecture as it names it: `amd64`, `arm64`. */
  readonly arch: string;
}

/**
 * Builds one image with the engine's classic builder, which every engine has
 * whether or not a command-line client or BuildKit is installed.
 *
 * @throws {HarnessError} with the end of the build's log and the path of the whole log
 */
export async function buildImage({ role, hashes, arch }: BuildRequest): Promise<void> {
  const logs = join(ROOT, '.cache/build-logs');
  mkdirSync(logs, { recursive: true });
  const logFile = join(logs, `${role}.log`);
  const log = createWriteStream(logFile);
  const tail: string[] = [];
  const note = (text: string): void => {
    log.write(text);
    tail.push(...text.split(/\r?\n/).filter((line) => line.trim() !== ''));
    tail.splice(0, Math.max(0, tail.length - SHOWN_LINES));
  };
  try {
    using fetched = role === 'node' ? await fetchNode(arch) : undefined;
    const files = [...contextFiles(role), ...(fetched?.files ?? [])];
    const answer = await docker().buildImage(packContext(files, role), {
      t: imageReference(role, hashes[role]),
      buildargs: await buildArguments(role, hashes),
      labels: { 'gateproof.role': role, 'gateproof.hash': hashes[role] },
      rm: true,
      forcerm: true,
      // Compilers in the background must not slow down the images that people wait for.
      ...(role === 'tools' ? { cpushares: 256 } : {}),
    });
    await followEngine(answer, (event) => {
      note(event.stream ?? (event.error ? `${event.error}\n` : ''));
    });
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    const detail = error instanceof Error ? error.message : String(error);
    throw new HarnessError(
      `image ${role} could not be built: ${detail}\n${tail.map((line) => `    ${line}`).join('\n')}`,
      `the whole log is in ${relative(process.cwd(), logFile)}; a build needs access to Debian's, npm's and (tools) Go's packages`,
      { cause: error },
    );
  } finally {
    await new Promise((resolve) => log.end(resolve));
  }
}

/** The context as the archive that the engine reads; large files are streamed. */
function packContext(files: readonly ContextFile[], role: BuildRole): NodeJS.ReadableStream {
  const pack = tar.pack();
  const write = async (): Promise<void> => {
    if (RECIPES[role].downloads) pack.entry({ name: 'build-ca.pem' }, hostCertificates());
    for (const { path, source, executable } of files) {
      const entry = pack.entry({ name: path, size: statSync(source).size, mode: executable ? 0o755 : 0o644 });
      await pipeline(createReadStream(source), entry);
    }
    pack.finalize();
  };
  const context = new PassThrough();
  // A file that cannot be read ends the upload, and with it the build.
  Promise.all([write(), pipeline(pack, context)]).catch((error: unknown) => {
    context.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return context;
}

/**
 * Certificate authorities that this machine trusts beyond the usual ones, for
 * networks that re-sign TLS. Only download steps see them; no image that runs does.
 */
function hostCertificates(): Buffer {
  const candidates = [
    process.env['NODE_EXTRA_CA_CERTS'],
    process.env['SSL_CERT_FILE'],
    '/etc/ssl/certs/ca-certificates.crt',
  ];
  const found = candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
  return found === undefined ? Buffer.alloc(0) : readFileSync(found);
}

/** Build arguments: what the image is built on, and how this host reaches packages. */
async function buildArguments(role: BuildRole, hashes: BuildRequest['hashes']): Promise<Record<string, string>> {
  const { uses, downloads } = RECIPES[role];
  const args: Record<string, string> = {};
  if (!uses.includes('node')) args['BASE'] = BASE_IMAGE;
  for (const used of uses) args[used.toUpperCase()] = imageReference(used, hashes[used]);
  // Names that the engine knows without a declaration in the Dockerfile.
  const passed = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'];
  if (role === 'tools') passed.push('GOPROXY', 'GOSUMDB', 'GONOSUMDB', 'GOPRIVATE');
  for (const name of passed) {
    const value = process.env[name];
    if (value) args[name] = value;
  }
  if (downloads && uses.includes('node')) args['NPM_CONFIG_REGISTRY'] = await npmRegistry();
  return args;
}

/** Where this host's npm fetches packages; empty when npm cannot say. */
async function npmRegistry(): Promise<string> {
  try {
    const { stdout } = await run('npm', ['config', 'get', 'registry'], { cwd: ROOT });
    return /^https?:\S+$/.exec(stdout.trim())?.[0] ?? '';
  } catch {
    return '';
  }
}
