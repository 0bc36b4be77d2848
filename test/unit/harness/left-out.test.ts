import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configTexts, gatewayFiles } from '../../../environments/harness/config.ts';
import { withoutDirectives } from '../../../environments/harness/left-out.ts';
import { configNames } from '../../../environments/harness/nginx-config.ts';
import { loadVariant } from '../../../environments/harness/variant.ts';

const ENVIRONMENT = join(import.meta.dirname, '../../../environments/production-gateway');

function without(text: string, ...patterns: string[]): string | undefined {
  return withoutDirectives(new Map([['nginx.conf', text]]), patterns).files.get('nginx.conf');
}

describe('leaving directives out', () => {
  test('takes whole lines and keeps comments, order and everything else', () => {
    const text = '# brotli on;\ngzip on;\n\n  brotli on; \nbrotli_types a\n    b;\na 1; brotli on; b 2; # brotli\n';
    expect(without(text, 'brotli', 'brotli_*')).toBe('# brotli on;\ngzip on;\n\na 1;  b 2; # brotli\n');
  });

  test('tells directives of one name by their words', () => {
    const text = 'listen 443 ssl;\nlisten 443 quic;\nload_module modules/a_brotli.so;\nload_module modules/b.so;\n';
    expect(without(text, 'listen quic', 'load_module *brotli*')).toBe('listen 443 ssl;\nload_module modules/b.so;\n');
  });

  test('takes blocks with what they hold, and finds the end of Lua code', () => {
    const code = `{ -- it's }\n  if a then b = {"}"} end --[[ { ]]\n  c = [=[ } ]=]\n}`;
    expect(without(`http {\n    init_by_lua_block ${code}\n    server { listen 80; }\n}\n`, '*_by_lua*')).toBe(
      'http {\n    server { listen 80; }\n}\n',
    );
    expect(without(`a_by_lua_block ${code}\nb 1;\nc 2;\n`, 'b')).toBe(`a_by_lua_block ${code}\nc 2;\n`);
    expect(without('a { b {\nc 1;', 'c')).toBe('a { b {\n');
  });

  test('takes a quoted text with its directive, whatever it holds', () => {
    expect(without(`a 1;\nrules '\n  x { ; # }\n';\nb 2;\n`, 'rules')).toBe('a 1;\nb 2;\n');
  });

  test('keeps the variable that a directive sets, empty', () => {
    expect(without('set_by_lua_block $end { return 1 }\nreturn 200 $end;\n', '*_by_lua*')).toBe(
      'set $end "";\nreturn 200 $end;\n',
    );
  });

  test('takes no entries of tables and nothing from files that nginx does not read as its configuration', () => {
    const files = new Map([
      ['nginx.conf', 'http { include http/*.conf; }\n'],
      ['http/a.conf', 'map $x $y { lua 1; }\nlua on;\n'],
      ['lua/a.lua', 'lua x;'],
    ]);
    const result = withoutDirectives(files, ['lua']);
    expect([...result.files.values()].slice(1)).toEqual(['map $x $y { lua 1; }\n', 'lua x;']);
    expect(result.leftOut).toEqual([{ file: 'http/a.conf', name: 'lua', words: ['on'] }]);
    expect([...configNames(files)]).toEqual(['nginx.conf', 'http/a.conf']);
  });
});

describe('a variant on an image that lacks something', () => {
  const hardened = (missing: Record<string, string>) => loadVariant(ENVIRONMENT, 'hardened', missing);

  test('loses nothing that it does not use', async () => {
    const [whole, other] = await Promise.all([hardened({}), hardened({ njs: 'no njs', geoip2: 'no geoip2' })]);
    expect(other).toEqual(whole);
    expect(whole.leftOut).toEqual([]);
  });

  test('gives the claims up that need it, and says what was left out and why', async () => {
    const [whole, lesser] = await Promise.all([hardened({}), hardened({ brotli: 'the image has no brotli' })]);
    const why = 'the image has no brotli';
    expect(lesser.givenUp).toEqual([{ claim: 'production-gateway.compression.brotli', why }, ...whole.givenUp]);
    expect(lesser.adaptations).toEqual([
      ...whole.adaptations,
      {
        id: 'without-brotli',
        what: 'Left out: http/compression.conf: brotli on, brotli_comp_level 5, brotli_types; nginx.conf: load_module modules/ngx_http_brotli_filter_module.so.',
        why: 'The image has no brotli.',
        needsPlus: false,
      },
    ]);
  });

  test('gives up what needs a program without leaving anything out', async () => {
    const { givenUp, adaptations } = await loadVariant(ENVIRONMENT, 'documented', { keepalived: 'no keepalived' });
    expect(givenUp.filter(({ why }) => why === 'no keepalived').map(({ claim }) => claim)).toContain(
      'production-gateway.high-availability.vrrp-standard',
    );
    expect(adaptations.filter(({ id }) => id.startsWith('without-'))).toEqual([]);
  });

  test.each(['brotli', 'modsecurity', 'lua', 'http3'])('has no directive of %s left', async (capability) => {
    const { dir, leftOut } = await hardened({ [capability]: 'no such thing' });
    const marks: Record<string, RegExp> = {
      brotli: /brotli/,
      modsecurity: /modsecurity[ _]|_modsecurity/,
      lua: /by_lua|lua_/,
      http3: /quic|http3|h3=/,
    };
    const [files, texts] = await Promise.all([gatewayFiles(dir, { leftOut }), configTexts(dir)]);
    const names = configNames(texts);
    const config = files.filter(({ path }) => names.has(path.replace('/etc/nginx/', '')));
    expect(config).toHaveLength(names.size);
    for (const { path, content } of config)
      expect(String(content).replaceAll(/#.*$/gm, ''), path).not.toMatch(marks[capability] ?? /^/);
  });
});
