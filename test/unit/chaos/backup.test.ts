import { describe, expect, test } from 'vitest';
import { judgeAllBackedUp, judgeContent, judgeRestored, judgeRetention } from '../../../chaos/judgements/backup.ts';
import type { BackupSeen } from '../../../chaos/judgements/backup.ts';
import { comparable, differences } from '../../../chaos/operations/answers.ts';
import { lookAtBackup, plantedLeft } from '../../../chaos/operations/backup.ts';
import { databaseRestored } from '../../../chaos/operations/database-backup.ts';
import { fakeTarget } from './fake-target.ts';

const files = ['keepalived.conf', 'nginx-config.tar.gz', 'ssl-certs.tar.gz'];
const whole: BackupSeen = {
  content: { files, missing: [], expected: 80 },
  node: 'restored',
  spare: 'restored',
  differing: [],
  left: [29, 30],
};

describe('a backup', () => {
  test('that is whole and comes back conforms', () => {
    for (const judge of [judgeContent, judgeRestored, judgeAllBackedUp, judgeRetention])
      expect(judge(whole).verdict).toBe('conforms');
  });

  test.each<[string, Partial<BackupSeen>]>([
    ['no backup', { content: null }],
    ['a file less', { content: { files: files.slice(1), missing: [], expected: 80 } }],
    ['a script that is not in it', { content: { files, missing: ['usr/local/bin/check.sh'], expected: 80 } }],
  ])('%s: content deviates, and so does the promise about all configurations', (_, changed) => {
    expect(judgeContent({ ...whole, ...changed }).verdict).toBe('deviates');
    expect(judgeAllBackedUp({ ...whole, ...changed }).verdict).toBe('deviates');
  });

  test.each<[string, Partial<BackupSeen>]>([
    ['the node refuses it', { node: 'nginx: [emerg] no file' }],
    ['an empty gateway refuses it', { spare: 'nginx: [emerg] no file' }],
    ['an empty gateway answers in another way', { differing: ['/: HTTP/1.1 404'] }],
  ])('%s: the restore deviates', (_, changed) => {
    expect(judgeRestored({ ...whole, ...changed }).verdict).toBe('deviates');
  });

  test('of which nothing was tried says nothing', () => {
    for (const judge of [judgeContent, judgeRestored, judgeAllBackedUp, judgeRetention])
      expect(judge({}).verdict).toBe('inconclusive');
    expect(judgeRestored({ node: 'restored' }).verdict).toBe('inconclusive');
    expect(judgeRestored({ node: 'restored', spare: 'restored' }).verdict).toBe('inconclusive');
  });

  test('is kept for 30 days, and no longer', () => {
    expect(judgeRetention({ ...whole, left: [29, 30, 31] })).toEqual({
      verdict: 'deviates',
      reason: 'wrong for backups of 31 days',
    });
    expect(judgeRetention({ ...whole, left: [29] }).verdict).toBe('deviates');
  });
});

const answering = (stdout: string) => ({
  ...fakeTarget(),
  exec: () => Promise.resolve({ exitCode: 0, stdout, stderr: '' }),
});

describe('what is read of a node', () => {
  test('the files of a backup, and those that it lacks', async () => {
    const told = 'a.tar.gz\nkeepalived.conf\n--\n81\netc/nginx/one\n';
    expect(await lookAtBackup(answering(told), 'gateway-1', '/b')).toEqual({
      files: ['a.tar.gz', 'keepalived.conf'],
      missing: ['etc/nginx/one'],
      expected: 81,
    });
    expect((await lookAtBackup(answering('a\n--\n81\n'), 'gateway-1', '/b')).missing).toEqual([]);
  });

  test('the planted backups that are left', async () => {
    expect(await plantedLeft(answering('20260101_000000\nday-30\nday-29\n'), 'gateway-1')).toEqual([29, 30]);
  });

  test('rows of the database, which must be the same and some', async () => {
    expect(await databaseRestored(answering('7 rows, digest a\n7 rows, digest a\n'))).toBe('7 rows, digest a');
    await expect(databaseRestored(answering('7 rows, digest a\n6 rows, digest b\n'))).rejects.toThrow('differs');
    await expect(databaseRestored(answering('0 rows, digest \n0 rows, digest \n'))).rejects.toThrow('no rows');
  });
});

describe('answers of two gateways', () => {
  const told = (type: string, serial = 'a1') =>
    `HTTP/1.1 200 OK\r\nDate: now\r\nContent-Type: ${type}\r\nX-Request-ID: 1\r\n\r\nSubject:x\nSerial Number:${serial}\n`;

  test('are compared by what their configuration decides', () => {
    const one = [comparable('/', told('text/html'))];
    expect(one[0]?.head).toEqual(['HTTP/1.1 200 OK', 'Serial Number:a1', 'Content-Type: text/html']);
    expect(differences(one, [comparable('/', told('text/html'))])).toEqual([]);
    expect(differences(one, [comparable('/', told('text/plain'))])).toEqual([
      '/: Content-Type: text/html, Content-Type: text/plain',
    ]);
    expect(differences(one, [comparable('/', told('text/html', 'b2'))])).toHaveLength(1);
    expect(differences(one, [])).toHaveLength(1);
  });
});
