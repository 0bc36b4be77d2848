import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Adaptation } from '../../reports/record/types.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { acceptsConfig, acceptsOwnConfig, frame } from './config-test.ts';
import type { Tested } from './config-test.ts';
import { judged, table } from './exchange.ts';

const SERVERS = 'server 127.0.0.1:3001; server 127.0.0.1:3002;';

/** Smallest uses of the features that a configuration may have had to leave out, by the name of the adaptation. */
const USES: Readonly<Record<string, readonly (readonly [what: string, http: string])[]>> = {
  'active-health-checks': [
    [
      'health_check',
      `upstream pool { zone pool 64k; ${SERVERS} health_check interval=5s fails=2 passes=2 uri=/health; }`,
    ],
    ['match', 'match healthy { status 200; }'],
  ],
  'sticky-cookie': [
    ['sticky cookie', `upstream pool { ${SERVERS} sticky cookie srv_id expires=30m path=/ httponly secure; }`],
  ],
  'slow-start': [['slow_start', 'upstream pool { server 127.0.0.1:3001 slow_start=60s; server 127.0.0.1:3002; }']],
  'upstream-api': [
    ['upstream_conf', 'server { listen unix:/tmp/gateproof-trial.sock; location /upstream_conf { upstream_conf; } }'],
  ],
};

/** A feature of the design and what nginx says to it. */
export interface Feature extends Tested {
  readonly what: string;
}

/** Judges that the edition accepts the configuration and everything that was left out of it. */
export function judgeEdition(edition: string, own: Tested, features: readonly Feature[]): Outcome {
  const refused = features.filter(({ accepted }) => !accepted);
  return judged(
    own.accepted && refused.length === 0,
    `all of the design runs on ${edition}`,
    `the configuration ${own.accepted ? 'is accepted' : `is refused (${own.said})`}; ` +
      (features.length === 0
        ? 'nothing was left out of it'
        : refused.length === 0
          ? 'so is what was left out'
          : `left out and refused: ${refused.map(({ what }) => what).join(', ')}`),
    [
      table(
        'nginx -t',
        ['part of the design', 'said'],
        [['running configuration', own.said], ...features.map(({ what, said }) => [what, said])],
      ),
    ],
    'these directives and parameters belong to NGINX Plus',
  );
}

/** Tries the running configuration, and each documented feature that it had to leave out, on the edition that runs. */
export async function editionSuffices(context: CaseContext): Promise<Outcome> {
  const uses = (await leftOut(context)).flatMap(({ id }) => {
    const known = USES[id];
    if (!known) throw new Error(`no trial for the adaptation ${id}`);
    return known;
  });
  const [own, version, features] = await Promise.all([
    acceptsOwnConfig(context.gateway, 'all'),
    context.gateway.exec(['nginx', '-v']),
    Promise.all(uses.map(async ([what, http]) => ({ what, ...(await acceptsConfig(context.gateway, frame(http))) }))),
  ]);
  return judgeEdition(version.stderr.replace(/^nginx version: /, '').trim(), own, features);
}

/** Adaptations of the variant that runs which leave out what needs the commercial edition; one without such a list has none. */
async function leftOut({ session }: CaseContext): Promise<Adaptation[]> {
  const text = await readFile(join(session.topology.configDir, 'adaptations.yaml'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    },
  );
  return (parse(text) as Adaptation[]).filter(({ needsPlus }) => needsPlus);
}
