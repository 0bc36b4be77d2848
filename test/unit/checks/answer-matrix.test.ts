import { describe, expect, test } from 'vitest';
import { firstRefusal, headerFault, judgeHeaders, versionTold } from '../../../conformance/checks/answer-matrix.ts';
import type { MatrixRow } from '../../../conformance/checks/answer-matrix.ts';
import {
  contractFaults,
  forEvery,
  judgeContract,
  member,
  refusalFaults,
} from '../../../conformance/checks/error-contract.ts';
import { cspDirectives, policyFaults } from '../../../conformance/checks/policy.ts';
import type { HttpObservation } from '../../../conformance/clients/protocol.ts';
import { answer } from './observations.ts';

const row = (seen: HttpObservation): MatrixRow => ({ cause: 'proxied', path: '/api/v1/x', seen });
const DENY = ['X-Frame-Options', 'DENY'] as const;
const JSON_TYPE = ['Content-Type', 'application/json'] as const;
const ERROR = '{"success":false,"error":{"code":"NOT_FOUND","message":"There is nothing here."}}';
const FIELDS = ['success', 'error.code', 'error.message'];

describe('headers over the matrix', () => {
  test('once with its value is right', () => {
    expect(headerFault(answer(200, [DENY]), 'x-frame-options', 'DENY')).toBeUndefined();
    expect(headerFault(answer(200, [DENY]), 'x-frame-options', undefined)).toBeUndefined();
    expect(headerFault(answer(200), 'X-Frame-Options', 'DENY')).toBe('missing');
    expect(headerFault(answer(200, [DENY, ['x-frame-options', 'SAMEORIGIN']]), 'X-Frame-Options', 'DENY')).toContain(
      '2 times',
    );
    expect(headerFault(answer(200, [['X-Frame-Options', 'SAMEORIGIN']]), 'X-Frame-Options', 'DENY')).toBe(
      'is SAMEORIGIN',
    );
  });

  test('one answer without the header breaks the promise, and is named', () => {
    const outcome = judgeHeaders('framing', [row(answer(200, [DENY])), row(answer(502))], {
      'X-Frame-Options': 'DENY',
    });
    expect(outcome.verdict).toBe('deviates');
    expect(outcome.observed).toBe('X-Frame-Options missing on 502 /api/v1/x');
  });

  test('no answer at all proves nothing', () => {
    expect(judgeHeaders('framing', [], { 'X-Frame-Options': 'DENY' }).verdict).toBe('deviates');
  });

  test('an answer that did not come says nothing, and hides no broken one', () => {
    const wanted = { 'X-Frame-Options': 'DENY' };
    const silent = row(answer(null));
    expect(judgeHeaders('framing', [row(answer(200, [DENY])), silent], wanted).verdict).toBe('inconclusive');
    expect(judgeHeaders('framing', [row(answer(200)), silent], wanted).verdict).toBe('deviates');
  });

  test('a series is stood for by its first refusal', () => {
    expect(firstRefusal([row(answer(200)), row(answer(429)), row(answer(503))])[0]?.seen.status).toBe(429);
    expect(firstRefusal([row(answer(200))])).toEqual([]);
  });

  test('a version is found in headers and bodies', () => {
    expect(versionTold(answer(200, [['Server', 'nginx/1.26.3']]))).toBe('nginx/1.26.3');
    expect(versionTold(answer(404, [['Server', 'nginx']], '<center>nginx/1.26.3</center>'))).toBe('nginx/1.26.3');
    expect(versionTold(answer(404, [['Server', 'nginx']], '<center>nginx</center>'))).toBeUndefined();
  });
});

describe('error bodies', () => {
  test('members are found by their path', () => {
    expect(member({ a: { b: 1 } }, 'a.b')).toBe(1);
    expect(member({ a: null }, 'a.b')).toBeUndefined();
  });

  test('the contract needs JSON, all members, and success that is false', () => {
    expect(contractFaults(answer(404, [JSON_TYPE], ERROR), FIELDS)).toEqual([]);
    expect(contractFaults(answer(404, [['Content-Type', 'text/html']], ERROR), FIELDS)).toEqual([
      'text/html instead of JSON',
    ]);
    expect(contractFaults(answer(404, [JSON_TYPE], '<html>'), FIELDS)).toEqual(['not JSON although declared so']);
    expect(contractFaults(answer(404, [JSON_TYPE], '{"success":true,"error":{"code":"X"}}'), FIELDS)).toEqual([
      'success is not false',
      'no error.message',
    ]);
    expect(contractFaults(answer(null), FIELDS)).toEqual(['no answer (ECONNRESET)']);
  });

  test('one error of another format breaks uniformity', () => {
    expect(judgeContract([row(answer(404, [JSON_TYPE], ERROR))], FIELDS).verdict).toBe('conforms');
    expect(judgeContract([row(answer(404, [JSON_TYPE], ERROR)), row(answer(413))], FIELDS).verdict).toBe('deviates');
  });

  test('a status that no answer had leaves the promise open, unless it is broken anyway', () => {
    const rows = [row(answer(404, [JSON_TYPE], ERROR))];
    const judgement = judgeContract(rows, FIELDS);
    expect(forEvery([404], rows, judgement).verdict).toBe('conforms');
    expect(forEvery([404, 502], rows, judgement)).toMatchObject({
      verdict: 'inconclusive',
      observed: expect.stringContaining('no answer with 502') as string,
    });
    expect(forEvery([502], rows, judgeContract([row(answer(404))], FIELDS)).verdict).toBe('deviates');
  });

  test('a refusal needs status, headers and a hint in the body', () => {
    const contract = { status: 429, headers: { 'Content-Type': 'application/json', 'Retry-After': 60 } };
    const body = '{"success":false,"error":{"code":"C","message":"m","retryAfter":60}}';
    expect(refusalFaults(answer(429, [JSON_TYPE, ['Retry-After', '60']], body), contract)).toEqual([]);
    expect(refusalFaults(answer(503, [JSON_TYPE, ['Retry-After', '30']], ERROR), contract)).toEqual([
      'status 503',
      'Retry-After 30',
      'no retryAfter in the body',
    ]);
    expect(refusalFaults(answer(429), contract)).toEqual(['no Content-Type', 'no Retry-After', 'body is no JSON']);
  });
});

describe('content security policy', () => {
  const policy = "default-src 'self'; script-src 'unsafe-inline' 'self'";
  test('sources are compared as sets', () => {
    expect(Object.keys(cspDirectives(policy))).toEqual(['default-src', 'script-src']);
    expect(policyFaults({ 'script-src': "'self' 'unsafe-inline'" }, policy)).toEqual([]);
    expect(policyFaults({ 'default-src': "'none'", 'img-src': 'https:' }, policy)).toEqual([
      "default-src is 'self'",
      'no img-src',
    ]);
    expect(policyFaults({ 'default-src': "'self'" }, undefined)).toEqual(['no Content-Security-Policy']);
  });
});
