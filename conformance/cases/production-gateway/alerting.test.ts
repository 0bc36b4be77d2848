import { num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { alertRules, judgeRule, judgeRuleFile, ruleFile, tryRule } from '../../checks/alert-rules.ts';
import { DOWN_FROM_S, failedServer, failing, gatewaySources, lasting, stopped } from '../../checks/alert-series.ts';
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

/** Behind a rule that sees trouble from the beginning on: rates need two samples, and the pace of 30 s its share. */
const LATER_S = 90;
const THE_RULE_ITSELF = '(the rule on what the gateway publishes; loading it is another claim)';
const seconds = (value: number): string => `${String(value)}s`;

verify('production-gateway.alerting.high-error-rate', async (context) => {
  const { claim } = context;
  const [share, for_s] = [num(claim, 'threshold_documented'), num(claim, 'for_s')];
  const sources = await gatewaySources(context);
  const [more, less] = [failing(sources, 1.2 * share), failing(sources, 0.8 * share)];
  const name = (factor: number): string => `${(100 * factor * share).toFixed(0)} % get 500`;
  const results = await tryRule(context, 'HighErrorRate', { severity: str(claim, 'severity') }, [
    { name: name(1.2), series: more, at: seconds(for_s - 30), fires: false },
    { name: name(1.2), series: more, at: seconds(for_s + LATER_S), fires: true },
    { name: 'half of them get 500', series: failing(sources, 0.5), at: '5m', fires: true },
    { name: name(0.8), series: less, at: '30m', fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} when more than ${String(100 * share)} % of the requests fail for ${seconds(for_s)}, and not below ${THE_RULE_ITSELF}`,
    results,
    'the exporter counts requests without their status, and the rule compares failures a second with a share',
  );
});

verify('production-gateway.alerting.gateway-down', async (context) => {
  const { claim } = context;
  const [, latest_s = 0] = numbers(claim, 'expected_delay_s');
  const for_s = num(claim, 'for_s');
  const sources = await gatewaySources(context);
  const trials = (['all', 'nginx'] as const).flatMap((gone) => {
    const name = gone === 'all' ? 'host and exporter are gone' : 'nginx is gone, its exporter answers';
    const series = stopped(sources, gone);
    return [
      { name, series, at: seconds(DOWN_FROM_S + for_s - 30), fires: false },
      { name, series, at: seconds(DOWN_FROM_S + latest_s), fires: true },
    ];
  });
  const results = await tryRule(context, 'GatewayDown', { severity: str(claim, 'severity') }, [
    ...trials,
    { name: 'all is well', series: stopped(sources, 'nothing'), at: '30m', fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} between ${seconds(for_s)} and ${seconds(latest_s)} after a gateway stopped ${THE_RULE_ITSELF}`,
    results,
    'up says whether the exporter answers; that nginx does not is nginx_up, which the rule does not read',
  );
});

verify('production-gateway.alerting.high-latency', async (context) => {
  const { claim } = context;
  const [p95_s, for_s] = [num(claim, 'p95_s'), num(claim, 'for_s')];
  const sources = await gatewaySources(context);
  const [slow, fast] = [lasting(sources, p95_s + 0.5), lasting(sources, p95_s - 0.6)];
  const results = await tryRule(context, 'HighLatency', { severity: str(claim, 'severity') }, [
    { name: `all take ${seconds(p95_s + 0.5)}`, series: slow, at: seconds(for_s - 30), fires: false },
    { name: `all take ${seconds(p95_s + 0.5)}`, series: slow, at: seconds(for_s + LATER_S), fires: true },
    { name: `all take ${(p95_s - 0.6).toFixed(1)}s`, series: fast, at: '30m', fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} when P95 is above ${seconds(p95_s)} for ${seconds(for_s)} ${THE_RULE_ITSELF}`,
    results,
    'neither nginx nor its exporter publishes how long requests take',
  );
});

verify('production-gateway.alerting.upstream-unhealthy', async (context) => {
  const { claim } = context;
  const [fails, for_s] = [num(claim, 'fails'), num(claim, 'for_s')];
  const sources = await gatewaySources(context);
  const [more, few] = [failedServer(sources, fails + 1), failedServer(sources, fails)];
  const results = await tryRule(context, 'UpstreamUnhealthy', { severity: str(claim, 'severity') }, [
    { name: `${String(fails + 1)} failures`, series: more, at: seconds(for_s - 30), fires: false },
    { name: `${String(fails + 1)} failures`, series: more, at: seconds(for_s + LATER_S), fires: true },
    { name: `${String(fails)} failures`, series: few, at: '30m', fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} when an upstream server has failed more than ${String(fails)} times ${THE_RULE_ITSELF}`,
    results,
    'neither nginx nor its exporter publishes how often an upstream server failed',
  );
});

verify('production-gateway.alerting.backend-down', async (context) => {
  const { claim } = context;
  const [, latest_s = 0] = numbers(claim, 'expected_delay_s');
  const for_s = num(claim, 'for_s');
  const results = await Promise.all(
    ['admin', 'customer'].map(async (pool) => {
      const instance = `${pool}-1:9090`;
      const up = (values: string) => ({ [`up{job="${pool}-backend", instance="${instance}"}`]: values });
      // Away for five minutes from the fifth sample on, and a neighbour that stays.
      const away = { ...up('1x3 0x9 1x60'), [`up{job="${pool}-backend", instance="${pool}-2:9090"}`]: '1x80' };
      const back_s = DOWN_FROM_S + 300;
      const [name, severity] = [`${pool}-1 is away for 5 minutes`, str(claim, 'severity')];
      const one = await tryRule(context, 'BackendDown', { severity, instance }, [
        { name, series: away, at: seconds(DOWN_FROM_S + for_s - 30), fires: false },
        { name, series: away, at: seconds(DOWN_FROM_S + latest_s), fires: true },
        { name: `${name} and returns`, series: away, at: seconds(back_s + 30), fires: false },
      ]);
      const neighbour = await tryRule(context, 'BackendDown', { instance: `${pool}-2:9090` }, [
        { name: `${pool}-2 stays`, series: away, at: seconds(back_s - 30), fires: false },
      ]);
      return [...one, ...neighbour];
    }),
  );
  return judgeRule(
    `${str(claim, 'severity')} with the instance's label between ${seconds(for_s)} and ${seconds(latest_s)} after it went away, gone after its return (the rule itself; loading it is another claim)`,
    results.flat(),
  );
});

verify('production-gateway.alerting.db-pool-exhausted', async (context) => {
  const { claim } = context;
  const for_s = num(claim, 'for_s');
  const limit = 100;
  // As exporters of either database tell it: MongoDB's available connections are those that are left.
  const used = (connections: number): Record<string, string> => ({
    'mongodb_connections_current{instance="db"}': `${String(connections)}x80`,
    'mongodb_connections_available{instance="db"}': `${String(limit - connections)}x80`,
    'pg_stat_activity_count{instance="db", datname="app", state="active"}': `${String(connections)}x80`,
    'pg_stat_activity_count{instance="db", datname="app", state="idle"}': '0x80',
    'pg_settings_max_connections{instance="db"}': `${String(limit)}x80`,
  });
  const [many, some] = [Math.round(limit * num(claim, 'used_ratio')) + 5, 60];
  const name = (connections: number): string => `${String(connections)} of ${String(limit)} connections used`;
  const results = await tryRule(context, 'DatabasePoolExhausted', { severity: str(claim, 'severity') }, [
    { name: name(many), series: used(many), at: seconds(for_s - 30), fires: false },
    { name: name(many), series: used(many), at: seconds(for_s + LATER_S), fires: true },
    { name: name(some), series: used(some), at: '30m', fires: false },
  ]);
  return judgeRule(
    `${str(claim, 'severity')} when ${String(100 * num(claim, 'used_ratio'))} % of the connections are used for ${seconds(for_s)}, silent at ${String(some)} % (the rule itself; loading it is another claim)`,
    results,
    'mongodb_connections_available counts what is left and not the limit, so the rule fires from 48 % on',
  );
});
