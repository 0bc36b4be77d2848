/** Upstream instances that answer, but wrongly: errors, late, in part, or not at all. */
import type { Trial } from '../../reports/record/types.ts';
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

/** Standing behaviour of an instance; the keys are those of the service's own file. */
export interface Misbehaviour {
  readonly status?: number;
  /** Waits before answering. */
  readonly delay_ms?: number;
  /** Waits between the status line and the other headers. */
  readonly headerDelay_ms?: number;
  readonly body?: string;
  readonly contentType?: string;
  /** Closes before the announced end of the body. */
  readonly truncate?: boolean;
  /** Sends RST in place of an answer. */
  readonly reset?: boolean;
  /** Accepts and never answers. */
  readonly hang?: boolean;
  /** Leaves the request's body unread. */
  readonly neverRead?: boolean;
  /** False: refuses connections. */
  readonly listening?: boolean;
  /** Only paths that start with one of these; all but health and metrics when absent. */
  readonly paths?: readonly string[];
}

/** What curl saw of one request to an instance. */
export interface DirectAnswer {
  /** 0 without an answer. */
  readonly status: number;
  /** curl's exit code: 0 answered, 7 refused, 18 cut short, 28 no answer in time, 52 and 56 closed or reset. */
  readonly exit: number;
  readonly time_s: number;
  readonly contentType: string;
  /** Size of the body, bytes. */
  readonly size: number;
}

/** A service in the instances' network that measures none of them. */
const SEEN_FROM = 'inspector';
/** How a proof of this fault begins. */
const ASKED_DIRECTLY = 'asked directly';
const FOLDER = '/run/gateproof';
const ORDINARY_PATH = '/api/v1/ping';
/** Each asks on a connection of its own: the workers of an instance take turns. */
const ASKED_EACH = 4;
const PATIENCE_S = 1;
const EFFECT_TIMEOUT_MS = 5_000;
const REMOVAL_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 200;
/** The file appears whole, so that no worker reads half of it. */
const PUT = 'mkdir -p "$(dirname "$2")" && printf %s "$1" >"$2.new" && chmod 644 "$2.new" && mv "$2.new" "$2"';
const FORMAT = '%{http_code} %{exitcode} %{time_total} %{size_download} %{content_type}\\n';

/** Gives instances one standing behaviour; undone by taking their file away. */
export function misbehave(instances: readonly string[], behaviour: Misbehaviour): Fault {
  const text = JSON.stringify(behaviour);
  const all = async (
    target: ChaosTarget,
    what: string,
    limit_ms: number,
    wanted: (answer: DirectAnswer) => boolean,
  ): Promise<string> => {
    const seen = await Promise.all(
      instances.map(async (instance) => {
        const answers = await waitFor(
          `${instance} ${what}`,
          limit_ms,
          async () => {
            const found = await askDirectly(target, instance, behaviour.paths?.[0] ?? ORDINARY_PATH);
            return found.length === ASKED_EACH && found.every(wanted) ? found : null;
          },
          LOOK_EVERY_MS,
        );
        return `${instance}: ${answers.map(described).join(', ')}`;
      }),
    );
    return `${ASKED_DIRECTLY}, ${seen.join('; ')}`;
  };
  return {
    name: `misbehave ${instances.join(', ')} ${text}`,
    services: instances,
    undo: async (target) =>
      instances.map((service): UndoAction => ({
        action: 'exec',
        service,
        containerId: target.containerId(service),
        argv: ['rm', '-f', fileOf(service)],
      })),
    inject: async (target) => {
      await Promise.all(
        instances.map(async (service) => {
          const argv = ['sh', '-c', PUT, 'put', text, fileOf(service)];
          const { exitCode, stderr } = await target.host.exec(target.containerId(service), argv);
          if (exitCode !== 0) throw new Error(`behaviour of ${service} cannot be set: ${stderr.trim()}`);
        }),
      );
    },
    proveEffect: (target) => all(target, 'misbehaves', EFFECT_TIMEOUT_MS, (one) => shows(behaviour, one)),
    proveRemoval: (target) => all(target, 'answers as usual', REMOVAL_TIMEOUT_MS, usual),
  };
}

/** Whether instances were seen to misbehave in a trial: controls without a fault show nothing. */
export function misbehaviourShown({ timeline }: Pick<Trial, 'timeline'>): boolean {
  return timeline.some(({ what }) => what.includes(`effect proved: ${ASKED_DIRECTLY}`));
}

/** Whether an answer is what the behaviour asks for; behaviours that only change texts show by their texts. */
export function shows(behaviour: Misbehaviour, answer: DirectAnswer): boolean {
  const { status, exit, time_s, contentType, size } = answer;
  if (behaviour.listening === false) return exit === 7;
  if (behaviour.hang || (behaviour.delay_ms ?? 0) > PATIENCE_S * 1000) return exit === 28;
  if (behaviour.reset) return exit === 52 || exit === 56;
  if (behaviour.truncate) return exit === 18;
  if ((behaviour.headerDelay_ms ?? 0) > PATIENCE_S * 1000) return exit === 28;
  const waited_ms = (behaviour.delay_ms ?? 0) + (behaviour.headerDelay_ms ?? 0);
  return (
    exit === 0 &&
    status === (behaviour.status ?? 200) &&
    time_s * 1000 >= waited_ms &&
    (behaviour.contentType === undefined || contentType === behaviour.contentType) &&
    (behaviour.body === undefined || size === Buffer.byteLength(behaviour.body))
  );
}

const usual = ({ exit, status }: DirectAnswer): boolean => exit === 0 && status === 200;

function described({ exit, status, time_s }: DirectAnswer): string {
  if (exit === 0) return `${status} in ${(time_s * 1000).toFixed(0)} ms`;
  const known: Readonly<Record<number, string>> = {
    7: 'refused',
    18: 'cut short',
    28: `no answer in ${PATIENCE_S} s`,
    52: 'closed without an answer',
    56: 'reset',
  };
  return known[exit] ?? `curl ${exit}`;
}

async function askDirectly(target: ChaosTarget, instance: string, path: string): Promise<readonly DirectAnswer[]> {
  const { address, port } = target.endpoint(instance);
  const one = ['-s', '-o', '/dev/null', '-m', String(PATIENCE_S), '-w', FORMAT, '-H', 'Connection: close'];
  const asked = Array.from({ length: ASKED_EACH }, () => [...one, `http://${address}:${port}${path}`]);
  const argv = [
    'curl',
    '-Z',
    '--parallel-immediate',
    ...asked.flatMap((part, i) => (i === 0 ? part : ['--next', ...part])),
  ];
  return directAnswers((await target.exec(SEEN_FROM, argv)).stdout);
}

/** Reads what curl wrote, a line for each request. */
export function directAnswers(output: string): readonly DirectAnswer[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [status = '', exit = '', time_s = '', size = '', ...type] = line.split(' ');
      return {
        status: Number(status),
        exit: Number(exit),
        time_s: Number(time_s),
        size: Number(size),
        contentType: type.join(' '),
      };
    });
}

const fileOf = (instance: string): string => `${FOLDER}/${instance}.json`;
