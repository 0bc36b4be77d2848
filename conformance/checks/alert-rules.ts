import { parse } from 'yaml';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';

const MONITORING = 'monitoring-1';
const RULES = '/etc/prometheus/alerts.yml';

/** An alert rule of the file. */
export interface AlertRule {
  readonly group: string;
  readonly interval: string;
  readonly alert: string;
  readonly severity: string;
}

interface RuleFile {
  readonly groups?: readonly {
    readonly name: string;
    readonly interval?: string;
    readonly rules: readonly { readonly alert?: string; readonly labels?: { readonly severity?: string } }[];
  }[];
}

/** The alert rules in a file's text. */
export function alertRules(text: string): AlertRule[] {
  const file = parse(text) as RuleFile | null;
  return (file?.groups ?? []).flatMap(({ name, interval, rules }) =>
    rules.flatMap(({ alert, labels }) =>
      alert ? [{ group: name, interval: interval ?? 'global', alert, severity: labels?.severity ?? 'none' }] : [],
    ),
  );
}

/** The rule file of the running monitoring. */
export async function ruleFile(context: CaseContext): Promise<string> {
  const { stdout, stderr, exitCode } = await context.exec(MONITORING, ['cat', RULES]);
  if (exitCode !== 0) throw new Error(`no rule file: ${stderr}`);
  return stdout;
}

/** Judges intervals and severities of a rule file. */
export function judgeRuleFile(
  promised: { readonly interval_s: number; readonly severities: Readonly<Record<string, readonly string[]>> },
  rules: readonly AlertRule[],
): Outcome {
  const interval = `${String(promised.interval_s)}s`;
  const wanted = new Map(
    Object.entries(promised.severities).flatMap(([severity, names]) => names.map((name) => [name, severity] as const)),
  );
  const faults = [
    ...[...new Set(rules.filter((rule) => rule.interval !== interval).map(({ group }) => group))].map(
      (group) => `group ${group} has another interval`,
    ),
    ...[...wanted].flatMap(([name, severity]) => {
      const rule = rules.find(({ alert }) => alert === name);
      return rule?.severity === severity ? [] : [`${name} is ${rule?.severity ?? 'missing'}`];
    }),
    ...rules.filter(({ alert }) => !wanted.has(alert)).map(({ alert }) => `${alert} is not promised`),
  ];
  const counts = Object.entries(promised.severities).map(([severity, names]) => `${String(names.length)} ${severity}`);
  return judged(
    faults.length === 0,
    `groups every ${interval}; ${counts.join(', ')}`,
    faults.length === 0 ? 'as promised' : listed(faults),
    [
      table(
        RULES,
        ['group', 'every', 'alert', 'severity'],
        rules.map(({ group, interval: every, alert, severity }) => [group, every, alert, severity]),
      ),
    ],
  );
}

/** Synthetic series and an instant: whether the alert is expected to fire there. */
export interface RuleTrial {
  readonly name: string;
  /** Series → its values, one every 30 s, in promtool's notation. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  readonly fires: boolean;
}

/** A trial and whether the rules behave as it expects. */
export interface RuleResult {
  readonly trial: RuleTrial;
  readonly asExpected: boolean;
}

/** Runs trials of one alert with `promtool test rules` on the rule file of the monitoring. */
export async function tryRule(
  context: CaseContext,
  alert: string,
  labels: Readonly<Record<string, string>>,
  trials: readonly RuleTrial[],
): Promise<RuleResult[]> {
  return Promise.all(
    trials.map(async (trial) => {
      const script =
        'd=$(mktemp -d /tmp/gateproof.XXXXXX); trap \'rm -rf "$d"\' EXIT; printf %s "$1" >"$d/test.yml"; promtool test rules "$d/test.yml"';
      const { exitCode, stdout, stderr } = await context.exec(MONITORING, [
        'sh',
        '-ec',
        script,
        'sh',
        JSON.stringify(ruleTest(alert, labels, trial)),
      ]);
      const said = `${stdout}${stderr}`;
      if (exitCode !== 0 && !said.includes('FAILED')) throw new Error(`promtool: ${said.slice(0, 300)}`);
      return { trial, asExpected: exitCode === 0 };
    }),
  );
}

/**
 * A trial as promtool reads it. Expressed as an expression over the series ALERTS,
 * so that annotations need not be repeated.
 */
export function ruleTest(
  alert: string,
  labels: Readonly<Record<string, string>>,
  { series, at, fires }: RuleTrial,
): unknown {
  const wanted = Object.entries({ alertname: alert, alertstate: 'firing', ...labels }).map(
    ([name, value]) => `${name}="${value}"`,
  );
  return {
    rule_files: [RULES],
    evaluation_interval: '30s',
    tests: [
      {
        interval: '30s',
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            // One rule may see several series of the same trouble.
            expr: `(count(ALERTS{${wanted.join(', ')}}) > bool 0) or vector(0)`,
            eval_time: at,
            exp_samples: [{ labels: '{}', value: fires ? 1 : 0 }],
          },
        ],
      },
    ],
  };
}

/** Judges that the rule fires where promised and nowhere else. */
export function judgeRule(expected: string, results: readonly RuleResult[], reason?: string): Outcome {
  const wrong = results.filter(({ asExpected }) => !asExpected);
  return judged(
    wrong.length === 0,
    expected,
    wrong.length === 0
      ? `as promised in ${String(results.length)} trials`
      : wrong.map(({ trial }) => `${trial.name}: ${trial.fires ? 'silent' : 'fires'} at ${trial.at}`).join('; '),
    [
      table(
        'promtool test rules',
        ['trial', 'at', 'expected', 'came'],
        results.map(({ trial, asExpected }) => [
          trial.name,
          trial.at,
          trial.fires ? 'fires' : 'silent',
          asExpected === trial.fires ? 'fires' : 'silent',
        ]),
      ),
    ],
    reason,
  );
}
