import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ArrivalLog } from '../../../conformance/clients/arrivals.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateproof-arrivals-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function line(at: number, url: string): string {
  return `${JSON.stringify({ instance: 'admin-1', at, url, headers: [['X-Note', 'grüße']] })}\n`;
}

const urls = (arrivals: readonly { url: string }[]): string[] => arrivals.map(({ url }) => url);

describe('what is found', () => {
  test('lines of all files with the marker, by time', async () => {
    await writeFile(join(folder, 'a.ndjson'), line(3, '/m1/third') + line(1, '/m1/first') + line(2, '/m2'));
    await writeFile(join(folder, 'b.ndjson'), line(2, '/m1/second'));
    await writeFile(join(folder, 'c.txt'), line(2, '/m1/not-a-log'));
    const log = new ArrivalLog(folder);
    expect(urls(await log.find('m1'))).toEqual(['/m1/first', '/m1/second', '/m1/third']);
    expect(await log.find('m9')).toEqual([]);
  });

  test('what was appended since, and files that are new', async () => {
    const log = new ArrivalLog(folder);
    expect(await log.find('m')).toEqual([]);
    await appendFile(join(folder, 'a.ndjson'), line(1, '/m/1'));
    expect(urls(await log.find('m'))).toEqual(['/m/1']);
    await appendFile(join(folder, 'a.ndjson'), line(2, '/m/2'));
    await appendFile(join(folder, 'b.ndjson'), line(3, '/m/3'));
    expect(urls(await log.find('m'))).toEqual(['/m/1', '/m/2', '/m/3']);
  });

  test('a line in the middle of being written comes when it is whole, also when cut in a character', async () => {
    const bytes = Buffer.from(line(1, '/m/1'));
    const within = bytes.indexOf(Buffer.from('ü')) + 1;
    const log = new ArrivalLog(folder);
    await appendFile(join(folder, 'a.ndjson'), bytes.subarray(0, within));
    expect(await log.find('/m/')).toEqual([]);
    await appendFile(join(folder, 'a.ndjson'), bytes.subarray(within));
    expect((await log.find('grüße'))[0]?.headers).toEqual([['X-Note', 'grüße']]);
  });

  test('half a line of a killed backend is passed over', async () => {
    await writeFile(join(folder, 'a.ndjson'), `{"at":1,"url":"/m/bro\n${line(2, '/m/2')}`);
    expect(urls(await new ArrivalLog(folder).find('/m/'))).toEqual(['/m/2']);
  });

  test('a log that began anew is read anew', async () => {
    const log = new ArrivalLog(folder);
    await writeFile(join(folder, 'a.ndjson'), line(1, '/m/old') + line(2, '/m/old'));
    await log.find('m');
    await writeFile(join(folder, 'a.ndjson'), line(3, '/n/new'));
    expect(urls(await log.find('/n/'))).toEqual(['/n/new']);
  });

  test('questions at the same time get whole answers, each line once', async () => {
    await writeFile(join(folder, 'a.ndjson'), Array.from({ length: 5000 }, (_, n) => line(n, `/m/${n}`)).join(''));
    const log = new ArrivalLog(folder);
    const [one, two] = await Promise.all([log.find('/m/'), log.find('/m/42"')]);
    expect(one).toHaveLength(5000);
    expect(urls(two)).toEqual(['/m/42']);
    expect(log.size).toBe(5000);
  });
});

test('memory is bounded: the oldest lines go', async () => {
  const log = new ArrivalLog(folder, 100);
  for (let block = 0; block < 30; block += 1) {
    const lines = Array.from({ length: 50 }, (_, n) => line(block * 50 + n, `/m/${block * 50 + n}`));
    await appendFile(join(folder, 'a.ndjson'), lines.join(''));
    await log.find('/m/');
  }
  expect(log.size).toBe(100);
  expect(urls(await log.find('/m/'))).toHaveLength(100);
  expect(urls(await log.find('/m/1400"'))).toEqual(['/m/1400']);
  expect(await log.find('/m/1399"')).toEqual([]);
});

test('an empty marker and a folder that is not there are refused', async () => {
  await expect(new ArrivalLog(folder).find('')).rejects.toThrow('empty marker');
  await expect(new ArrivalLog(join(folder, 'none')).find('x')).rejects.toThrow('ENOENT');
});
