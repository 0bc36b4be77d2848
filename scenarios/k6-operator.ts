/** A scenario for the k6 operator: what Kubernetes runs when one machine is too small. */
import { REMOTE_WRITE, remoteWriteSettings } from './engines/k6.ts';
import { CORRECTED } from './k6/load.ts';
import { loadPlan } from './run.ts';
import { stagesOf, usersFor } from './scenario.ts';
import type { LoadShape, Scenario } from './scenario.ts';

export interface OperatorTarget {
  /** Where the gateway is reached from the cluster. */
  readonly baseUrl: string;
  /** Pods that share the load, each an execution segment. */
  readonly parallelism: number;
  /** Image with k6. */
  readonly image: string;
  /** Prometheus that takes samples by remote write. */
  readonly remoteWrite?: string | undefined;
}

/** A Kubernetes object, as far as it matters here. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** More failed requests than this share end the run as failed. */
const FAILED_MAX = 0.01;

/**
 * ConfigMap with the scripts and their plan, TestRun (`k6.io/v1alpha1`), and the ServiceMonitor
 * by which Prometheus finds the operator's own metrics. The thresholds are the scenario's
 * promises; unlike a verdict of `gateproof load` they compare points, not intervals.
 *
 * @param scripts file name → text, the first of them is the one to run
 */
export function operatorManifests(
  name: string,
  declared: Scenario,
  shape: LoadShape,
  target: OperatorTarget,
  scripts: Readonly<Record<string, string>>,
): Manifest[] {
  const label = `gateproof-${name}`;
  const metadata = { name: label, labels: { 'app.kubernetes.io/name': label } };
  const users = usersFor(declared, shape, declared.promises);
  const plan = {
    ...loadPlan(declared, shape, users, { gateway: { address: '', serverName: '' }, ...target, backends: [] }),
    hosts: {},
    thresholds: thresholds(declared),
  };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: { ...scripts, 'plan.json': JSON.stringify(plan, null, 2) },
    },
    { apiVersion: 'k6.io/v1alpha1', kind: 'TestRun', metadata, spec: testRun(label, target, Object.keys(scripts)) },
    {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata,
      spec: {
        selector: { matchLabels: { 'control-plane': 'controller-manager' } },
        namespaceSelector: { matchNames: ['k6-operator-system'] },
        endpoints: [{ port: 'https', scheme: 'https', path: '/metrics', tlsConfig: { insecureSkipVerify: true } }],
      },
    },
  ];
}

function testRun(
  label: string,
  { parallelism, image, remoteWrite }: OperatorTarget,
  scripts: readonly string[],
): unknown {
  const env = Object.entries(remoteWriteSettings(remoteWrite)).map(([name, value]) => ({ name, value }));
  return {
    parallelism,
    // All pods begin together: the operator starts them when the last one is ready.
    separate: false,
    script: { configMap: { name: label, file: scripts[0] } },
    arguments: `--no-usage-report${remoteWrite === undefined ? '' : ` --out ${REMOTE_WRITE}`}`,
    runner: { image, ...(remoteWrite === undefined ? {} : { env }) },
  };
}

/** Of each stage; promised figures have no threshold beside that requests must not fail. */
function thresholds(declared: Scenario): Readonly<Record<string, readonly string[]>> {
  const latencies = [...new Set(declared.promises.map(({ percentile, limit_ms }) => `p(${percentile})<${limit_ms}`))];
  const each = stagesOf(declared).map(({ name }) => ({
    ...(latencies.length === 0 ? {} : { [`${CORRECTED}{scenario:${name}}`]: latencies }),
    [`http_req_failed{scenario:${name}}`]: [`rate<${FAILED_MAX}`],
    // A user that was not free when a request was due: the cluster is too small, or the gateway held it up.
    [`dropped_iterations{scenario:${name}}`]: ['count<1'],
  }));
  return Object.assign({}, ...each) as Readonly<Record<string, readonly string[]>>;
}
