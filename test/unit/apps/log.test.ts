import { expect, test } from 'vitest';
import { levelOf, logger } from '../../../environments/apps/service/log.ts';

const FIELDS = [
  'timestamp',
  'level',
  'service',
  'requestId',
  'userId',
  'method',
  'path',
  'statusCode',
  'duration',
  'ip',
  'userAgent',
  'message',
];

test('every line has the documented fields in their order', () => {
  const lines: string[] = [];
  const log = logger({ service: 'customer-services', logLevel: 'info', logFormat: 'json' }, (line) => lines.push(line));
  log('info', { message: 'started' });
  log('warn', { message: 'answered', method: 'GET', path: '/x', statusCode: 404, duration: 3 });
  for (const line of lines) expect(Object.keys(JSON.parse(line) as object)).toEqual(FIELDS);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({
    level: 'warn',
    service: 'customer-services',
    statusCode: 404,
    userId: null,
  });
});

test('lines below the level are left out', () => {
  const lines: string[] = [];
  const log = logger({ service: 'auth', logLevel: 'warn', logFormat: 'text' }, (line) => lines.push(line));
  log('info', { message: 'quiet' });
  log('error', { message: 'loud' });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/error loud\n$/);
});

test('levels follow the status', () => expect([200, 404, 502].map(levelOf)).toEqual(['info', 'warn', 'error']));
