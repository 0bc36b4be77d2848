import { describe, expect, test } from 'vitest';
import { alertRules, judgeRule, judgeRuleFile, ruleTest } from '../../../conformance/checks/alert-rules.ts';
import { judgeExporter } from '../../../conformance/checks/exporter.ts';
import { judgeStatusPage, statistics, toldApart } from '../../../conformance/checks/metrics.ts';
import { judgeEndpoints, judgeNames, seriesNames, total } from '../../../conformance/checks/metric-text.ts';
import { judgeCoverage, judgeIntervals, judgeLoaded, seconds } from '../../../conformance/checks/prometheus.ts';

const TEXT =
  '# TYPE requests_total counter\nrequests_total{code="200"} 3\nrequests_total{code="404"} 1e1\nlatency_bucket{le="1"} 2\nup 1\n';
const target = (host: string, interval_s = 15) => ({
  job: 'x',
  url: `http://${host}:1/metrics`,
  host,
  health: 'up',
  interval_s,
});
const group = (interval_s: number, ...rules: string[]) => ({ name: 'g', interval_s, rules });

describe('metrics text', () => {
  test('names, histograms also without their endings', () => {
    expect([...seriesNames(TEXT)].sort()).toEqual(['latency', 'latency_bucket', 'requests_total', 'up']);
  });

  test('counters are summed over their labels', () => {
    expect(total(TEXT, 'requests_total')).toBe(13);
    expect(total(TEXT, 'up')).toBe(1);
    expect(total(TEXT, 'requests')).toBeUndefined();
  });

  test('every name has to be somewhere', () => {
    expect(judgeNames(['latency', 'up'], [{ from: 'a', text: TEXT }]).verdict).toBe('conforms');
    expect(judgeNames(['latency', 'down'], [{ from: 'a', text: TEXT }]).verdict).toBe('deviates');
  });

  test('statuses are told apart by code or by class', () => {
    expect(
      toldApart(
        'http_requests_total{status_code="200"} 1\nhttp_requests_total{status_code="4xx"} 1\n',
        [200, 404, 500],
      ),
    ).toEqual([200, 404]);
  });
});

describe('Prometheus', () => {
  test('durations', () => {
    expect(seconds('1m30s')).toBe(90);
    expect(seconds('15s')).toBe(15);
  });

  test('rules have to be loaded', () => {
    expect(judgeLoaded({ groups: 1, rules: 2 }, [group(30, 'a', 'b')]).verdict).toBe('conforms');
    expect(judgeLoaded({ groups: 1, rules: 2 }, []).verdict).toBe('deviates');
  });

  test('all targets and all rules have the promised interval', () => {
    const promised = { scrape_s: 15, evaluation_s: 15 };
    expect(judgeIntervals(promised, [target('a')], [group(15, 'r')]).verdict).toBe('conforms');
    expect(judgeIntervals(promised, [target('a')], [group(30, 'r')]).verdict).toBe('deviates');
    expect(judgeIntervals(promised, [target('a')], []).verdict).toBe('deviates');
    expect(judgeIntervals(promised, [target('a', 60)], [group(15, 'r')]).verdict).toBe('deviates');
  });

  test('every node is a target', () => {
    expect(judgeCoverage(['a', 'b'], [target('a'), target('b')]).verdict).toBe('conforms');
    expect(judgeCoverage(['a', 'b'], [target('a')]).verdict).toBe('deviates');
  });

  test('every address has to give metrics', () => {
    expect(judgeEndpoints([{ url: 'u', status: 200, text: TEXT }], '').verdict).toBe('conforms');
    expect(judgeEndpoints([{ url: 'u', status: 0, text: '' }], '').verdict).toBe('deviates');
    expect(judgeEndpoints([], '').verdict).toBe('deviates');
  });
});

describe('alert rules', () => {
  const text =
    'groups:\n  - name: g\n    interval: 30s\n    rules:\n      - alert: A\n        expr: up == 0\n        labels: { severity: critical }\n';

  test('interval and severity of each rule', () => {
    const rules = alertRules(text);
    expect(judgeRuleFile({ interval_s: 30, severities: { critical: ['A'] } }, rules).verdict).toBe('conforms');
    expect(judgeRuleFile({ interval_s: 15, severities: { critical: ['A'] } }, rules).verdict).toBe('deviates');
    expect(judgeRuleFile({ interval_s: 30, severities: { warning: ['A'] } }, rules).verdict).toBe('deviates');
    expect(judgeRuleFile({ interval_s: 30, severities: { critical: ['A', 'B'] } }, rules).verdict).toBe('deviates');
  });

  test('a trial asks promtool for the alert itself', () => {
    const trial = { name: 't', series: { up: '0x10' }, at: '5m', fires: true };
    expect(JSON.stringify(ruleTest('A', { severity: 'critical' }, trial))).toContain(
      'alertstate=\\"firing\\", severity=\\"critical\\"',
    );
    expect(judgeRule('fires', [{ trial, asExpected: true }]).verdict).toBe('conforms');
    expect(judgeRule('fires', [{ trial, asExpected: false }]).verdict).toBe('deviates');
  });
});

describe('connection statistics', () => {
  const page = 'Active connections: 3 \nserver accepts handled requests\n 7 7 11 \nReading: 0 Writing: 1 Waiting: 2 \n';
  const fields = ['active', 'accepts', 'handled', 'requests', 'reading', 'writing', 'waiting'];

  test('seven numbers', () => {
    expect(Object.fromEntries(statistics(page))).toEqual({
      active: 3,
      accepts: 7,
      handled: 7,
      requests: 11,
      reading: 0,
      writing: 1,
      waiting: 2,
    });
  });

  test('requests are counted, others are refused', () => {
    const [first, second] = [statistics(page), statistics(page.replace(' 11', ' 17'))];
    expect(judgeStatusPage(fields, first, second, 5, [403, 403]).verdict).toBe('conforms');
    expect(judgeStatusPage(fields, first, first, 5, [403]).verdict).toBe('deviates');
    expect(judgeStatusPage(fields, first, second, 5, [403, 200]).verdict).toBe('deviates');
    expect(judgeStatusPage(fields, new Map(), new Map(), 0, [403]).verdict).toBe('deviates');
  });

  test('the exporter has to read one of the pages', () => {
    expect(
      judgeExporter(1, [
        { page: 'a', text: 'nginx_up 0' },
        { page: 'b', text: 'nginx_up 1' },
      ]).verdict,
    ).toBe('conforms');
    expect(judgeExporter(1, [{ page: 'a', text: 'nginx_up 0' }]).verdict).toBe('deviates');
  });
});
