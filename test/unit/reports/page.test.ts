import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { renderHtml } from '../../../reports/render/html.ts';
import { escapeText, jsonAsText, markup } from '../../../reports/render/markup.ts';
import { reduceSeries } from '../../../reports/render/reduce.ts';
import type { RunRecord } from '../../../reports/record/types.ts';
import { ATTACK, emptyRecord, fullRecord, hostileRecord, partialRecord } from './fixtures.ts';

describe('markup', () => {
  test('everything put into a template is text, in content and in attributes', () => {
    expect(markup`<b title="${ATTACK}">${ATTACK}</b>`.text).toBe(
      `<b title="${escapeText(ATTACK)}">${escapeText(ATTACK)}</b>`,
    );
    expect(escapeText(`<>&"'`)).toBe('&lt;&gt;&amp;&quot;&#39;');
    expect(escapeText('a\0b\u001bc\nd')).toBe('a\uFFFDb\uFFFDc\nd');
  });

  test('templates nest, lists join, nothing is left out', () => {
    expect(markup`<p>${[markup`<i>${1}</i>`, null, false, undefined, '<']}</p>`.text).toBe('<p><i>1</i>&lt;</p>');
  });

  test('embedded JSON can neither end its element nor be an entity, and comes back whole', () => {
    const { text } = jsonAsText({ text: `${ATTACK}&lt;`, list: [1, null] });
    expect(text).not.toMatch(/[<>&\u2028\u2029\0]/);
    expect(JSON.parse(text)).toEqual({ text: `${ATTACK}&lt;`, list: [1, null] });
  });
});

describe('the page', () => {
  const page = renderHtml(fullRecord());

  test('is one file that loads nothing', () => {
    expect(page).not.toMatch(/\b(?:src|srcset|action)=|url\((?!#)|@import|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
    expect(page.match(/<link [^>]*>/g)).toEqual(['<link rel="icon" href="data:," />']);
  });

  test('admits its own script and style by hash alone', () => {
    for (const element of ['script', 'style']) {
      const inner = page.match(new RegExp(`<${element}>([^]*?)</${element}>`))?.[1] ?? '';
      const hash = createHash('sha256').update(inner).digest('base64');
      expect(inner.length).toBeGreaterThan(1000);
      expect(page).toContain(`${element}-src &#39;sha256-${hash}&#39;`);
    }
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/ on[a-z]+=/);
  });

  test('is the same for the same record', () => {
    expect(renderHtml(fullRecord())).toBe(page);
  });

  test('tells the story, its evidence and the other variant beside it', () => {
    const story = page.slice(page.indexOf('class="story"'), page.indexOf('class="dev"'));
    for (const text of [
      'The second user is greeted',
      'X-Cache-Status: HIT',
      'X-Cache-Status: BYPASS',
      'ignores Authorization',
      '+proxy_cache_bypass',
    ])
      expect(story).toContain(text);
  });

  test('has every claim, and the sections that there are data for', () => {
    for (const claim of fullRecord().variants[0]?.claims ?? []) expect(page).toContain(`id="${claim.id}"`);
    for (const section of [
      'answer',
      'variants',
      'breaks',
      'ledger',
      'experiment-1',
      'load-1',
      'history',
      'instruments',
    ])
      expect(page).toContain(`<section id="${section}"`);
  });

  test('shows what a capacity does as instances are added, and which were idle', () => {
    expect(page).toContain('data-chart="scaling"');
    expect(page).toContain('hardened: replicas of the customer pool');
    expect(page).toContain('hardened with 2 customer instances: 400 to 440 requests/s');
    expect(page).toContain('Running, but idle: customer-3, customer-4.');
    expect(page.replaceAll(/\s+/g, ' ')).toContain('Line: the Universal Scalability Law.');
    expect(page).toMatch(/<td>Instances with the most throughput<\/td>\s*<td>9.7<\/td>\s*<td>5.1<\/td>\s*<td>∞<\/td>/);
    const [documented, hardened] = fullRecord().variants;
    const { law: _, ...without } = hardened?.scalings?.[0] ?? {};
    const flat = {
      ...fullRecord(),
      variants: [documented, { ...hardened, scalings: [{ ...without, shows: 'nothing' }] }],
    };
    expect(renderHtml(flat as RunRecord).replaceAll(/\s+/g, ' ')).toContain('No law: the points do not differ enough.');
  });

  test('leaves out what there is no data for, and says partial everywhere', () => {
    const partial = renderHtml(partialRecord());
    expect(partial).not.toMatch(/id="(?:experiment|load)-1"/);
    expect(partial).toContain('my/configuration');
    expect(page).not.toContain('<dt>Configuration</dt>');
    const sections = partial.match(/<section id/g)?.length ?? 0;
    expect(partial.match(/tag partial/g)?.length).toBe(sections);
    expect(renderHtml(emptyRecord())).toContain('No claim was measured in this run.');
  });

  test('many experiments stand in one table, each folded away below it', () => {
    const record = fullRecord();
    const variants = record.variants.map((variant) => ({
      ...variant,
      experiments: ['a', 'b', 'c', 'd'].flatMap((name) =>
        variant.experiments.slice(0, 1).map((experiment) => ({ ...experiment, name, title: `Losing ${name}` })),
      ),
    }));
    const board = renderHtml({ ...record, variants });
    expect(board).toContain('<section id="experiments"');
    expect(board).toContain('Documented: 0 of 4 experiments conform, 4 deviate.');
    expect(board).toMatch(/<a href="#experiment-4">Losing d<\/a>/);
    expect(board.match(/<details class="folded"/g)).toHaveLength(4);
    expect(board).toContain('<a href="#experiments">Experiments <span>4</span></a>');
    expect(board.match(/<svg class="mark"/g)).toHaveLength(4 * variants.length);
  });

  test('says of latencies what they count from', () => {
    const record = fullRecord();
    const intended = renderHtml(record);
    expect(intended).toContain('Corrected counts from the intended start and decides');
    expect(intended).toContain('took how long from their intended start');
    const variants = record.variants.map((variant) => ({
      ...variant,
      scenarios: variant.scenarios.map((one) => ({ ...one, latencyFrom: 'send' as const })),
    }));
    const sent = renderHtml({ ...record, variants });
    expect(sent).toContain('count from the real send');
    expect(sent).not.toMatch(/Corrected counts from|from their intended start|latency from the intended start/);
  });

  test('keeps hostile text as text', () => {
    const hostile = renderHtml(hostileRecord());
    expect(hostile).not.toContain('<img');
    expect(hostile).not.toContain('\0');
    expect(hostile.match(/<script/g)).toHaveLength(1);
    expect(hostile.match(/<\/script/g)).toHaveLength(1);
  });

  test('stays below 3 MB with an hour of probes', () => {
    const record = fullRecord();
    const many = Array.from({ length: 360_000 }, (_, index) => ({
      intended_ms: index * 10,
      sent_ms: index * 10,
      done_ms: index * 10 + 5,
      ok: index % 100 !== 0,
      kind: 'ok',
    }));
    const variants = record.variants.map((variant) => ({
      ...variant,
      experiments: variant.experiments.map((experiment) => ({
        ...experiment,
        trials: experiment.trials.map((trial) => ({ ...trial, probes: many })),
      })),
    }));
    expect(renderHtml({ ...record, variants }).length).toBeLessThan(3_000_000);
  });
});

describe('fewer points', () => {
  test('no spike is lost, order stays', () => {
    const points = Array.from(
      { length: 10_000 },
      (_, index) => [index, index === 4321 ? 99 : index === 7777 ? -99 : 0] as const,
    );
    const reduced = reduceSeries(points, 100);
    expect(reduced.length).toBeLessThanOrEqual(100);
    expect(reduced).toContainEqual([4321, 99]);
    expect(reduced).toContainEqual([7777, -99]);
    expect(reduced.map(([x]) => x)).toEqual(reduced.map(([x]) => x).toSorted((a, b) => a - b));
    expect(reduceSeries(points.slice(0, 5), 100)).toHaveLength(5);
  });
});
