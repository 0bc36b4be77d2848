import type { Gateway } from '../gateway.ts';

/** What `nginx -t` said of a configuration. */
export interface Tested {
  readonly accepted: boolean;
  /** The first complaint, or that there was none. */
  readonly said: string;
}

/** A folder of its own for each trial, gone afterwards: the gateway's own configuration is never touched. */
const IN_A_FOLDER = 'd=$(mktemp -d /tmp/gateproof.XXXXXX); trap \'rm -rf "$d"\' EXIT; cd "$d"; ';

/** Runs `nginx -t` on one configuration text, in the gateway's container. */
export async function acceptsConfig(gateway: Gateway, config: string): Promise<Tested> {
  const script = `${IN_A_FOLDER} printf %s "$1" >nginx.conf; nginx -t -p "$d" -c "$d/nginx.conf" -e stderr -g "pid $d/nginx.pid;"`;
  return testedBy(await gateway.exec(['sh', '-ec', script, 'sh', config]));
}

/**
 * Runs `nginx -t` on a copy of the configuration in force.
 * @param modules `all` that the image has, or only those of a `stock` installation: what the package of nginx itself brings
 */
export async function acceptsOwnConfig(gateway: Gateway, modules: 'all' | 'stock'): Promise<Tested> {
  const stock =
    'rm -rf modules; mkdir modules; for m in $(dpkg-query -L nginx 2>/dev/null | grep "/modules/.*[.]so$"); do ln -s "$m" modules/; done; ';
  const script =
    `${IN_A_FOLDER} cp -a /etc/nginx/. .; grep -rlI /etc/nginx/ . | xargs sed -i "s|/etc/nginx/|$d/|g"; ` +
    (modules === 'stock' ? stock : '') +
    // A line of its own decides where the master keeps its number; a second one would be refused.
    'sed -i "s|^pid .*|pid $d/nginx.pid;|" nginx.conf; nginx -t -p "$d" -c "$d/nginx.conf" -e stderr';
  return testedBy(await gateway.exec(['sh', '-ec', script]));
}

function testedBy({ exitCode, stderr, stdout }: { exitCode: number; stderr: string; stdout: string }): Tested {
  const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => line !== '');
  // Tested once by nginx's own verdict: other failures are the container's, not the configuration's.
  if (!lines.some((line) => /test (?:is successful|failed)/.test(line)))
    throw new Error(`nginx -t did not finish: ${lines.join(' ')}`);
  return { accepted: exitCode === 0, said: firstComplaint(lines) };
}

/** The first line that keeps nginx from starting, without time, process and folder; else that nothing does. */
export function firstComplaint(lines: readonly string[]): string {
  const line = lines.find((one) => one.includes('[emerg]'));
  if (line === undefined) return 'accepted';
  return line.replace(/^.*\[emerg\](?: \d+#\d+:)? /, '').replaceAll(/\/tmp\/gateproof\.\w+\//g, '');
}

/** A smallest configuration around what belongs into `http`. */
export function frame(http: string): string {
  return `error_log stderr;\nevents {}\nhttp {\n${http}\n}\n`;
}
