import { Command, InvalidArgumentError, Option } from 'commander';
import { requireEnvironment } from '../../environments/ledger/ledger.ts';
import { parseObjective } from '../../scenarios/capacity/objective.ts';
import type { Objective } from '../../scenarios/capacity/objective.ts';
import { requireName, scenariosOf } from '../found.ts';
import { imageOption, measureRequest, seedOption, variantsOption, wholeNumber } from '../options.ts';
import type { MeasureOptions } from '../options.ts';

const DEFAULT_OBJECTIVE = 'p95=800ms,errors=1%';
const DEFAULT_TARGET = 'api-latency';

interface Options extends Omit<MeasureOptions, 'profile'> {
  readonly target: string;
  readonly slo: Objective;
  readonly steps: number;
  readonly addresses: number;
  readonly replicas: readonly number[];
}

/** `gateproof capacity`: how much the system carries within an objective, and what runs out. */
export function capacity(done: (exitCode: number) => void): Command {
  return new Command('capacity')
    .description('search how many requests a second a system carries within an objective, and what runs out')
    .argument('<environment>', 'name of an environment')
    .option('--target <scenario>', 'scenario whose mix of requests is offered', DEFAULT_TARGET)
    .addOption(
      new Option('--slo <objective>', 'limits of percentiles and of errors')
        .argParser(objective)
        .default(parseObjective(DEFAULT_OBJECTIVE), DEFAULT_OBJECTIVE),
    )
    .option('--steps <number>', 'load steps that each search may spend, some 25 s each', wholeNumber(2), 20)
    .option(
      '--addresses <number>',
      'client addresses at least; more are used when the limits ask for them',
      wholeNumber(1),
      1,
    )
    .addOption(
      new Option(
        '--replicas <numbers>',
        'search with so many instances of the pool that answers the mix, such as 1,2,3,4, and fit the Universal Scalability Law; a number given twice shows drift',
      )
        .argParser(replicaCounts)
        .default([], 'all that the configuration lists'),
    )
    .addOption(variantsOption())
    .addOption(seedOption())
    .option('--out <folder>', 'write the run below this folder instead of reports/runs')
    .addOption(imageOption())
    .option('--json', "print the record's summary for programs", false)
    .addHelpText(
      'after',
      `
Exit codes: 0 a capacity was found · 2 none was, or the run is partial · 3 the harness failed · 64 wrong usage

Examples:
  gateproof capacity production-gateway
  gateproof capacity production-gateway --slo p99=300ms,errors=0.1% --variant hardened
  gateproof capacity production-gateway --addresses 6000 --steps 8
  gateproof capacity production-gateway --variant documented --replicas 1,2,3,4 --steps 8`,
    )
    .action(async (name: string, options: Options) => {
      const environment = requireEnvironment(name);
      requireName('scenario', options.target, scenariosOf(environment));
      const { target, slo, steps, addresses, replicas } = options;
      const { capacityCommand } = await import('../run/commands.ts');
      done(
        await capacityCommand({
          ...measureRequest({ ...options, profile: 'smoke' }),
          environment,
          scenario: target,
          objective: slo,
          steps,
          addresses_min: addresses,
          replicas,
        }),
      );
    });
}

/** Numbers of instances, at least two different ones: `1,2,4`. */
function replicaCounts(text: string): readonly number[] {
  const counts = text.split(',').map((part) => wholeNumber(1)(part.trim()));
  if (new Set(counts).size > 1) return counts;
  throw new InvalidArgumentError('Give at least two different numbers, such as 1,2,4: one says nothing about more.');
}

function objective(text: string): Objective {
  try {
    return parseObjective(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? `${error.message}.` : String(error));
  }
}
