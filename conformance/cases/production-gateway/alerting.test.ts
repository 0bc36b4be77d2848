import { num, str, strings } from '../../../environments/ledger/values.ts';
import { alertRules, judgeRule, judgeRuleFile, ruleFile, tryRule } from '../../checks/alert-rules.ts';
import { judgeLoaded, ruleGroups } from '../../checks/prometheus.ts';
import { verify } from '../../verify.ts';

verify('production-gateway.alerting.rules-are-loaded', async (context) =>
  judgeLoaded({ groups: num(context.claim, 'groups'), rules: num(context.claim, 'rules') }, await ruleGroups(context)),
);

verify('production-gateway.alerting.group-interval-and-severity', async (context) => {
  const { claim } = context;
  const severities = { critical: strings(claim, 'critical'), warning: strings(claim, 'warning') };
  return judgeRuleFile({ interval_s: num(claim, 'interval_s'), severities }, alertRules(await ruleFile(context)));
});

verify('production-gateway.alerting.high-memory', async (context) => {
  const { claim } = context;
  const [ratio, for_s] = [num(claim, 'available_ratio'), num(claim, 'for_s')];
  const memory = (available: number): Record<string, string> => ({
    'node_memory_MemAvailable_bytes{instance="host:9100"}': `${String(Math.round(available * 1e6))}x40`,
    'node_memory_MemTotal_bytes{instance="host:9100"}': '1000000x40',
  });
  // As close to the threshold as can be told from it.
  const [below, above] = [0.99 * ratio, 1.01 * ratio];
  const [less, more] = [memory(below), memory(above)];
  const name = (available: number): string => `${(100 * available).toFixed(1)} % available`;
  const results = await tryRule(context, 'HighMemoryUsage', { severity: str(claim, 'severity') }, [
    { name: name(below), series: less, at: `${String(for_s - 30)}s`, fires: false },
    { name: name(below), series: less, at: `${String(for_s)}s`, fires: true },
    { name: name(above), series: more, at: `${String(3 * for_s)}s`, fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} after ${String(for_s)} s below ${String(100 * ratio)} % of memory, not before and not above (the rule itself; loading it is another claim)`,
    results,
  );
});

verify('production-gateway.alerting.latency-threshold-vs-target', async (context) => {
  const { claim } = context;
  const [target_s, alert_s] = [num(claim, 'target_p95_ms') / 1000, num(claim, 'alert_p95_ms') / 1000];
  // All requests last just under a value between target and threshold: the percentile lies there as well.
  const between_s = (target_s + alert_s) / 2;
  const bucket = (le: string): string => `nginx_http_request_duration_seconds_bucket{instance="gateway", le="${le}"}`;
  const series = {
    [bucket(String(target_s))]: '0x80',
    [bucket(String(between_s))]: '0+100x80',
    [bucket('+Inf')]: '0+100x80',
  };
  const results = await tryRule(context, 'HighLatency', {}, [
    { name: `P95 between ${String(target_s)} and ${String(between_s)} s`, series, at: '30m', fires: true },
  ]);
  return judgeRule(
    `the latency alert fires when P95 is above its target of ${String(target_s)} s`,
    results,
    `the rule warns above ${String(alert_s)} s: between target and threshold the target is missed in silence`,
  );
});
