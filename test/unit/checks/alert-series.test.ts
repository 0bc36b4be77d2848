import { describe, expect, test } from 'vitest';
import { failedServer, failing, labelSets, lasting, stopped } from '../../../conformance/checks/alert-series.ts';
import type { Source } from '../../../conformance/checks/alert-series.ts';

const EXPORTER: Source = {
  labels: { job: 'nginx', instance: 'gateway-1:9113' },
  text: '# TYPE nginx_http_requests_total counter\nnginx_http_requests_total 7\n# TYPE nginx_up gauge\nnginx_up 1\n',
};
const ITSELF: Source = {
  labels: { job: 'own', instance: 'gateway-1:443' },
  text: `# TYPE nginx_http_requests_total counter
nginx_http_requests_total{status="404"} 2
# TYPE nginx_http_request_duration_seconds histogram
nginx_http_request_duration_seconds_bucket{le="1"} 2
nginx_http_request_duration_seconds_bucket{le="2.5"} 3
nginx_http_request_duration_seconds_bucket{le="+Inf"} 3
# TYPE nginx_upstream_server_fails_total counter
`,
};

describe('series of a gateway', () => {
  test('have the labels of their text and of their place', () => {
    expect(labelSets([EXPORTER, ITSELF], 'nginx_http_requests_total')).toEqual([
      { job: 'nginx', instance: 'gateway-1:9113' },
      { job: 'own', instance: 'gateway-1:443', status: '404' },
    ]);
    expect(labelSets([EXPORTER], 'nginx_http_request_duration_seconds_bucket')).toEqual([]);
  });

  test('tell failures where requests are counted by status, and else their number alone', () => {
    expect(failing([EXPORTER, ITSELF], 0.06)).toEqual({
      'nginx_http_requests_total{job="own", instance="gateway-1:443", status="200"}': '0+2820x120',
      'nginx_http_requests_total{job="own", instance="gateway-1:443", status="500"}': '0+180x120',
    });
    expect(failing([EXPORTER], 0.5)).toEqual({
      'nginx_http_requests_total{job="nginx", instance="gateway-1:9113"}': '0+3000x120',
    });
    expect(failing([], 0.5)).toEqual({});
  });

  test('count requests in the buckets that hold them', () => {
    expect(Object.values(lasting([ITSELF], 2))).toEqual(['0+0x120', '0+3000x120', '0+3000x120']);
    expect(lasting([EXPORTER], 2)).toEqual({});
  });

  test('that are announced only are replayed all the same', () => {
    expect(failedServer([ITSELF], 11)).toEqual({
      'nginx_upstream_server_fails_total{upstream="192.0.2.1:3001", job="own", instance="gateway-1:443"}': '11x120',
    });
    expect(failedServer([EXPORTER], 11)).toEqual({});
  });

  test('of a dead nginx come from its exporter alone', () => {
    const dead = stopped([EXPORTER, ITSELF], 'nginx');
    expect(dead['up{job="nginx", instance="gateway-1:9113"}']).toBe('1x64');
    expect(dead['nginx_up{job="nginx", instance="gateway-1:9113"}']).toBe('1x3 0x60');
    expect(dead['up{job="own", instance="gateway-1:443"}']).toBe('1x3 0x60');
    const gone = stopped([EXPORTER], 'all');
    expect(gone['up{job="nginx", instance="gateway-1:9113"}']).toBe('1x3 0x60');
    expect(gone['nginx_up{job="nginx", instance="gateway-1:9113"}']).toBe('1x3 stale');
    expect(Object.values(stopped([EXPORTER, ITSELF], 'nothing'))).toEqual(['1x64', '1x64', '1x64']);
  });
});
