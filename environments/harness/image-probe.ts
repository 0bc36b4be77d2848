/**
 * Looks into an image that the user brought. What it lacks makes the claims
 * that need it not applicable; what nobody can do without is an error.
 */
import { dirname } from 'node:path';
import { docker, removeContainer } from './docker.ts';
import { HarnessError } from './errors.ts';
import { imageExists, pullImage } from './image-base.ts';
import type { ImageRole } from './image-recipes.ts';
import { probeLabels } from './image-versions.ts';
import { waitFor } from './wait.ts';

export interface ProbeResult {
  readonly id: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Capability → why it is missing. */
  readonly missing: Readonly<Record<string, string>>;
}

const PULL_SILENCE_MS = 60_000;
const PROBE_LIMIT_MS = 30_000;

/** Programs that each role is used through: name → how it prints its version. */
const PROGRAMS: Readonly<Record<ImageRole, Readonly<Record<string, string>>>> = {
  gateway: {
    nginx: 'nginx -v',
    keepalived: 'keepalived -v',
    openssl: 'openssl version',
    curl: 'curl --version',
    ip: 'ip -V',
    tc: 'tc -V',
    iptables: 'iptables -V',
    'prometheus-nginx-exporter': 'prometheus-nginx-exporter --version',
  },
  app: { node: 'node -v', 'pm2-runtime': 'pm2-runtime -v' },
  postgres: { postgres: 'postgres --version', psql: 'psql --version' },
  redis: {
    'redis-server': 'redis-server --version',
    'redis-sentinel': 'redis-sentinel --version',
    'redis-cli': 'redis-cli --version',
  },
  monitoring: {
    prometheus: 'prometheus --version',
    promtool: 'promtool --version',
    'prometheus-alertmanager': 'prometheus-alertmanager --version',
  },
  toxiproxy: { 'toxiproxy-server': 'toxiproxy-server -version', 'toxiproxy-cli': 'toxiproxy-cli --version' },
  generator: { k6: 'k6 version', node: 'node -v', h2load: 'h2load --version', autocannon: 'autocannon --version' },
  vantage: { node: 'node -v', openssl: 'openssl version', curl: 'curl --version', ip: 'ip -V' },
};

/** Without these a role cannot be played at all. */
const INDISPENSABLE: Readonly<Record<ImageRole, readonly string[]>> = {
  gateway: ['nginx'],
  app: ['node', 'pm2-runtime', '/opt/gateproof/apps/service'],
  postgres: ['postgres'],
  redis: ['redis-server'],
  monitoring: ['prometheus'],
  toxiproxy: ['toxiproxy-server'],
  generator: ['k6'],
  vantage: ['node', 'ip', '/opt/gateproof/node_modules'],
};

/** Features of nginx: capability → what shows it among the modules or in `nginx -V`. */
const NGINX_FEATURES: Readonly<Record<string, RegExp>> = {
  http2: /--with-http_v2_module/,
  http3: /--with-http_v3_module/,
  realip: /--with-http_realip_module/,
  'stub-status': /--with-http_stub_status_module/,
  'auth-request': /--with-http_auth_request_module/,
  brotli: /brotli_filter_module\.so|--add-module=\S*brotli/,
  modsecurity: /modsecurity_module\.so|--add-module=\S*modsecurity/i,
  'headers-more': /headers_more_filter_module\.so|--add-module=\S*headers-more/,
  geoip2: /http_geoip2_module\.so|--add-module=\S*geoip2/,
  lua: /http_lua_module\.so|--add-module=\S*lua/,
  njs: /http_js_module\.so|--add-module=\S*njs/,
  'cache-purge': /cache_purge_module\.so|--add-module=\S*cache_purge/,
};

/** Files of a gateway: capability → where it is, and what it is called. */
const GATEWAY_FILES: Readonly<Record<string, { readonly path: string; readonly what: string }>> = {
  'modsecurity-crs': { path: '/usr/share/modsecurity-crs', what: 'OWASP core rule set' },
  'start-node': { path: '/usr/local/bin/start-node', what: 'start-node' },
};

/** Fetches the image if need be and asks it what it can do. @throws {HarnessError} when it cannot play the role. */
export async function probeImage(
  role: ImageRole,
  reference: string,
  progress: (text: string) => void,
): Promise<ProbeResult> {
  await fetchImage(role, reference, progress);
  const { Id: id } = await docker().getImage(reference).inspect();
  const found = parseProbe(await runScript(role, reference));
  const absent = INDISPENSABLE[role].filter((name) => !found.present.has(name));
  if (absent.length > 0) {
    throw new HarnessError(
      `--image ${role}=${reference}: the image has no ${absent.join(', no ')}`,
      `an image for ${role} needs ${INDISPENSABLE[role].join(', ')}; leave the option out to use the built one`,
    );
  }
  return { id, versions: found.versions, missing: missingCapabilities(role, reference, found) };
}

async function fetchImage(role: ImageRole, reference: string, progress: (text: string) => void): Promise<void> {
  if (await imageExists(reference)) return;
  progress(`pulling ${reference}`);
  try {
    await pullImage(reference, PULL_SILENCE_MS);
  } catch (error) {
    throw new HarnessError(
      `--image ${role}=${reference}: this engine has no such image and cannot pull it: ${error instanceof Error ? error.message : String(error)}`,
      'check the name, or build or load the image first',
      { cause: error },
    );
  }
}

/** What the probe's script printed, read. */
export interface Probed {
  readonly present: ReadonlySet<string>;
  readonly versions: Readonly<Record<string, string>>;
  /** `nginx -V` and the names of the dynamic modules. */
  readonly nginx: string;
}

/** Reads lines `have <name>`, `version <name> <text>` and `nginx <text>`. */
export function parseProbe(output: string): Probed {
  const present = new Set<string>();
  const versions: Record<string, string> = {};
  const nginx: string[] = [];
  for (const line of output.split('\n')) {
    const [kind = '', name = '', ...rest] = line.trim().split(' ');
    if (kind === 'have') present.add(name);
    else if (kind === 'version') {
      const version = /\d+(?:\.\d+)+/.exec(rest.join(' '))?.[0];
      if (version !== undefined) versions[name] = version;
    } else if (kind === 'nginx') nginx.push(line.trim().slice('nginx '.length));
  }
  return { present, versions, nginx: nginx.join('\n') };
}

/** Capabilities that an image of this role usually has and this one has not, each with the reason to be shown. */
export function missingCapabilities(role: ImageRole, reference: string, found: Probed): Record<string, string> {
  const missing: Record<string, string> = {};
  const say = (capability: string, what: string): void => {
    missing[capability] = `the image ${reference} given for ${role} has no ${what}`;
  };
  for (const program of Object.keys(PROGRAMS[role])) if (!found.present.has(program)) say(program, program);
  if (role === 'gateway') {
    for (const [capability, shown] of Object.entries(NGINX_FEATURES)) {
      if (!shown.test(found.nginx)) say(capability, `${capability} in its nginx`);
    }
    for (const [capability, { path, what }] of Object.entries(GATEWAY_FILES)) {
      if (!found.present.has(path)) say(capability, `${what} in ${dirname(path)}`);
    }
  }
  return missing;
}

/** A POSIX shell script that prints what {@link parseProbe} reads. */
function probeScript(role: ImageRole): string {
  const programs = Object.entries(PROGRAMS[role]).map(
    ([name, version]) =>
      `if command -v ${name} >/dev/null 2>&1; then echo "have ${name}"; echo "version ${name} $(${version} 2>&1 | head -n 1)"; fi`,
  );
  const paths = [...INDISPENSABLE[role], ...Object.values(GATEWAY_FILES).map(({ path }) => path)]
    .filter((name) => name.startsWith('/'))
    .map((path) => `if [ -e ${path} ]; then echo "have ${path}"; fi`);
  const nginx = [
    'nginx -V 2>&1 | sed "s/^/nginx /"',
    'modules=$(nginx -V 2>&1 | sed -n "s/.*--modules-path=\\([^ ]*\\).*/\\1/p")',
    'ls "${modules:-/usr/lib/nginx/modules}" 2>/dev/null | sed "s/^/nginx /"',
  ];
  return [...programs, ...paths, ...(role === 'gateway' ? nginx : []), 'true'].join('\n');
}

async function runScript(role: ImageRole, reference: string): Promise<string> {
  const container = await docker().createContainer({
    Image: reference,
    Entrypoint: ['/bin/sh', '-c', probeScript(role)],
    Cmd: [],
    User: 'root',
    Labels: probeLabels(),
    HostConfig: { NetworkMode: 'none' },
  });
  try {
    await container.start();
    await waitFor(`the look into ${reference}`, async () => !(await container.inspect()).State.Running, {
      limit_ms: PROBE_LIMIT_MS,
    });
    return demultiplex(await container.logs({ stdout: true, stderr: true, follow: false }));
  } catch (error) {
    if (error instanceof HarnessError) throw error;
    throw new HarnessError(
      `--image ${role}=${reference}: cannot look into the image: ${error instanceof Error ? error.message : String(error)}`,
      'the image needs /bin/sh',
      { cause: error },
    );
  } finally {
    await removeContainer(container.id);
  }
}

/** Text of a container's log, without the engine's frame headers (8 bytes: stream, 3 × 0, length). */
function demultiplex(log: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length;) {
    const length = log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Buffer.concat(parts).toString('utf8');
}
