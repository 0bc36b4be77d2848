import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { main } from '../../../cli/main.ts';

let out: string;
let err: string;

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    out += `${text}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((text: string) => {
    err += `${text}\n`;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('wrong usage ends with 64 and says what is right', () => {
  test.each([
    ['no command', [], /Usage: gateproof/],
    ['an unknown command', ['verfy'], /Did you mean 'verify'\?.*doctor/],
    ['an unknown environment', ['verify', 'nonsense'], /no environment 'nonsense'.*\n.*production-gateway/],
    ['a mistyped environment', ['up', 'production-gatway'], /Did you mean 'production-gateway'\?/],
    ['no environment', ['verify'], /missing required argument 'environment'/],
    [
      'an unknown profile',
      ['verify', 'production-gateway', '--profile', 'nigthly'],
      /Did you mean 'nightly'\?.*smoke, nightly, prerelease/,
    ],
    ['an unknown variant', ['verify', 'production-gateway', '--variant', 'x'], /documented, hardened, both/],
    ['an unknown option', ['verify', 'production-gateway', '--profil', 'smoke'], /--profile/],
    ['a seed that is no number', ['verify', 'production-gateway', '--seed', '1.5'], /whole number from 0/],
    ['no trials', ['chaos', 'production-gateway', '--trials', '0'], /whole number from 1/],
    ['an unknown experiment', ['chaos', 'production-gateway', 'x'], /There is no experiment 'x'/],
    ['an unknown scenario', ['load', 'production-gateway', 'x'], /There is no scenario 'x'/],
    ['an image without a reference', ['up', '--image', 'gateway'], /role=reference/],
    ['an image for no role', ['up', '--image', 'gatway=my:1'], /Did you mean 'gateway'\?/],
    ['an unknown run', ['report', 'no-such-run'], /There is no run 'no-such-run'/],
    ['a document without an environment', ['claims', '--document', 'x.md'], /--document needs an environment/],
    [
      'an objective that says nothing',
      ['capacity', 'production-gateway', '--slo', 'fast'],
      /'fast' is no objective; write p95=800ms/,
    ],
    ['no instances', ['capacity', 'production-gateway', '--replicas', '0,1'], /whole number from 1/],
    ['instances that are no number', ['capacity', 'production-gateway', '--replicas', '1,x'], /whole number from 1/],
    ['one number of instances', ['capacity', 'production-gateway', '--replicas', '2,2'], /two different numbers/],
    [
      'more instances than the pool has',
      ['capacity', 'production-gateway', '--replicas', '1,6'],
      /customer pool of documented has 5 instances .* besides customer-6.*\n.*from 1 to 5/,
    ],
    [
      'instances of no pool',
      ['capacity', 'production-gateway', '--target', 'two-gateways', '--replicas', '1,2'],
      /reach no pool/,
    ],
    [
      'a rate that a search does not set',
      ['capacity', 'production-gateway', '--target', 'static-throughput'],
      /comes from h2load.*\n.*--target: api-latency, /,
    ],
    [
      'an objective without any error',
      ['capacity', 'production-gateway', '--slo', 'p95=1s,errors=0%'],
      /between 0 % and 100 %/,
    ],
    [
      'a document that cannot be read',
      ['claims', 'production-gateway', '--document', 'no-such-file'],
      /cannot be read/,
    ],
    [
      'a comparison that starts from two variants',
      ['load', 'production-gateway', 'api-latency', '--against', 'hardened'],
      /A comparison starts from one variant/,
    ],
    [
      'a comparison with nothing',
      ['load', 'production-gateway', 'api-latency', '--variant', 'documented', '--against', 'no-such-folder'],
      /no-such-folder is neither a variant nor a folder with nginx\/nginx.conf/,
    ],
    ['a command that does not exist yet', ['gameday', 'production-gateway'], /There is no command 'gameday'/],
  ])('%s', async (_, args, message) => {
    expect(await main(args)).toBe(64);
    expect(err).toMatch(message);
  });
});

describe('help', () => {
  test('is no error and lists every command', async () => {
    expect(await main(['--help'])).toBe(0);
    for (const name of [
      'doctor',
      'verify',
      'chaos',
      'load',
      'up',
      'down',
      'status',
      'claims',
      'report',
      'calibrate',
      'prune',
    ]) {
      expect(out).toContain(`  ${name}`);
    }
    expect(out).toContain('Exit codes:');
  });

  test.each([
    'doctor',
    'verify',
    'chaos',
    'load',
    'capacity',
    'up',
    'down',
    'status',
    'claims',
    'report',
    'calibrate',
    'prune',
  ])('of %s has examples', async (name) => {
    expect(await main([name, '--help'])).toBe(0);
    expect(out).toMatch(new RegExp(`Examples:\\n  gateproof ${name}`));
  });

  test('--version prints the version', async () => {
    expect(await main(['--version'])).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('claims', () => {
  test('prints every claim with what verifies it', async () => {
    expect(await main(['claims', 'production-gateway'])).toBe(0);
    expect(out).toContain('production-gateway.rate-limit.api-per-ip');
    expect(out).toContain('by ');
  });

  test('--json is for programs', async () => {
    expect(await main(['claims', '--json'])).toBe(0);
    const [environment] = JSON.parse(out) as { claims: { id: string; verifiedBy: unknown[] }[] }[];
    expect(environment!.claims.every(({ verifiedBy }) => Array.isArray(verifiedBy))).toBe(true);
  });
});
