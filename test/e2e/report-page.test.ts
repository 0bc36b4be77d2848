/**
 * The report's page in a real browser: it talks to nobody, says nothing to the
 * console, is accessible, fits every width and works from the keyboard.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderHtml } from '../../reports/render/html.ts';
import { emptyRecord, fullRecord, hourOfLoad, hostileRecord, partialRecord } from '../unit/reports/fixtures.ts';
import type { Browser, Page } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const MISSING = existsSync(CHROMIUM) ? null : `no Chromium at ${CHROMIUM}; set CHROMIUM to its path`;

if (MISSING !== null) console.warn(`report-page: skipped, ${MISSING}`);

const PAGES = { full: fullRecord, partial: partialRecord, empty: emptyRecord, hostile: hostileRecord };
type PageName = keyof typeof PAGES;

const WIDTHS_PX = [400, 1280, 1600];
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const CLAIM = 'production-gateway.rate-limit.api-sustained';

interface Opened {
  readonly page: Page;
  /** Requests beyond the file itself, and everything the console or a dialog said. */
  readonly complaints: string[];
}

describe.skipIf(MISSING !== null)('report.html in a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateproof-page-'));
  let browser: Browser;

  beforeAll(async () => {
    for (const [name, make] of Object.entries(PAGES)) writeFileSync(join(folder, `${name}.html`), renderHtml(make()));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-gpu'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens a page; the returned complaints must stay empty. */
  async function open(
    name: PageName,
    options: { width?: number; dark?: boolean; hash?: string } = {},
  ): Promise<Opened> {
    const page = await browser.newPage({
      viewport: { width: options.width ?? 1280, height: 900 },
      colorScheme: options.dark === true ? 'dark' : 'light',
    });
    const complaints: string[] = [];
    const file = pathToFileURL(join(folder, `${name}.html`)).href;
    page.on('request', (request) => {
      if (request.url() !== file && request.url() !== 'data:,') complaints.push(`request ${request.url()}`);
    });
    page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(`error ${error.message}`));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.goto(file + (options.hash ?? ''), { waitUntil: 'load' });
    await settle(page);
    return { page, complaints };
  }

  /** Two frames: after them the charts that became visible are drawn. */
  async function settle(page: Page): Promise<void> {
    await page.evaluate(
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve))))',
    );
  }

  /** Opens all that is folded away, also what was inside a fold. */
  async function openEverything(page: Page): Promise<void> {
    for (let depth = 0; depth < 2; depth += 1) {
      await page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))");
      await settle(page);
    }
  }

  test.each(Object.keys(PAGES) as PageName[])('%s: no request, no console message, nothing overflows', async (name) => {
    for (const width of WIDTHS_PX) {
      const { page, complaints } = await open(name, { width });
      await openEverything(page);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      expect(wide, `${name} at ${width} px`).toBeLessThanOrEqual(width);
      expect(complaints).toEqual([]);
      await page.close();
    }
  });

  /** What axe-core finds, one line each. */
  async function violations(page: Page): Promise<readonly string[]> {
    await page.evaluate(AXE);
    return await page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.map(({ id, help, nodes }) =>
        id + ': ' + help + ' at ' + nodes.slice(0, 3).map((node) => node.target.join(' ') + ' ' + node.failureSummary)))`,
    );
  }

  test('axe would find something', async () => {
    const { page } = await open('empty');
    await page.evaluate(
      "document.documentElement.removeAttribute('lang'); document.querySelector('h1').style.color = '#ddd'",
    );
    const found = (await violations(page)).join('\n');
    expect(found).toContain('html-has-lang');
    expect(found).toContain('color-contrast');
    await page.close();
  });

  test.each([
    ['full', false],
    ['full', true],
    ['partial', false],
    ['empty', true],
  ] as const)('%s, dark %s: axe finds nothing, rows open', async (name, dark) => {
    const { page } = await open(name, { dark });
    await page.evaluate(
      "document.querySelectorAll('.row:nth-of-type(-n+6), details.data').forEach((details) => (details.open = true))",
    );
    await settle(page);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test('every chart is drawn, with a name', async () => {
    const { page } = await open('full');
    await openEverything(page);
    const charts = await page.evaluate<{ kind: string; marks: number; label: string }[]>(
      `[...document.querySelectorAll('[data-chart]')].map((host) => ({
        kind: host.dataset.chart,
        marks: host.querySelectorAll('svg > *').length,
        label: host.querySelector('svg')?.getAttribute('aria-label') ?? '',
      }))`,
    );
    expect(new Set(charts.map((chart) => chart.kind))).toEqual(
      new Set([
        'timeline',
        'strip',
        'phase',
        'load',
        'heat',
        'endings',
        'spectrum',
        'series',
        'spark',
        'knee',
        'scaling',
      ]),
    );
    for (const chart of charts) {
      expect(chart.marks, chart.kind).toBeGreaterThan(1);
      expect(chart.label.length, chart.kind).toBeGreaterThan(3);
    }
    await page.close();
  });

  test('a link to a claim opens and focuses it', async () => {
    const { page } = await open('full', { hash: `#${CLAIM}` });
    await page.waitForSelector(`[id="${CLAIM}"][open] .body`, { timeout: 5000 });
    expect(await page.evaluate('document.activeElement?.parentElement?.id')).toBe(CLAIM);
    expect(await page.locator(`[id="${CLAIM}"] .body`).innerText()).toContain('one admitted per 600 ms');
    await page.close();
  });

  test('a shared filter is restored from the hash', async () => {
    const { page } = await open('full', { hash: '#ledger?variant=hardened&verdict=deviates' });
    await page.waitForFunction("document.querySelectorAll('.row:not([hidden])').length === 1", null, { timeout: 5000 });
    expect(await page.locator('#count').innerText()).toBe('1 of 83 claims in hardened: deviates');
    await page.close();
  });

  test('search, moving, opening and clearing work from the keyboard', async () => {
    const { page, complaints } = await open('full');
    await page.keyboard.press('/');
    await page.keyboard.type('uuid');
    expect(await page.locator('.row:not([hidden])').count()).toBe(1);
    expect(page.url()).toContain('#ledger?q=uuid');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.row[open] .body', { timeout: 5000 });
    await page.keyboard.press('Escape');
    expect(await page.locator('.row:not([hidden])').count()).toBe(83);
    expect(page.url()).not.toContain('?');
    await page.locator('.chip[data-value="deviates"]').focus();
    await page.keyboard.press('Space');
    expect(await page.locator('.row:not([hidden])').count()).toBe(16);
    await page.locator('.mat button').first().focus();
    await page.keyboard.press('Enter');
    expect(page.url()).toContain('topic=');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('arrow keys move the reading line of the load chart', async () => {
    const { page } = await open('full');
    await page.locator('[data-chart=load]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#live').innerText()).toBe('1 s: 80 of 80, P95 258 ms');
    await page.close();
  });

  test('arrow keys read the heat map and the failures, and the spectrum goes up to P99.99', async () => {
    const { page } = await open('full');
    await page.locator('[data-chart=heat]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#live').innerText()).toBe(
      '0 s: 47 answers, 8 of them in 68.1 ms to 82.5 ms, slowest below 261 ms',
    );
    await page.locator('[data-chart=endings]').focus();
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#live').innerText()).toBe('41 s: 3 limited, 1 status 503, 1 time-out');
    expect(await page.locator('[data-chart=spectrum]').first().innerText()).toContain('P99.99');
    await page.close();
  });

  test('pictures of a load have the same time axis', async () => {
    const { page } = await open('full');
    const ticks = await page.evaluate<string[]>(
      `['load', 'heat', 'endings'].map((kind) =>
        [...document.querySelectorAll('[data-chart=' + kind + '] text')]
          .filter((text) => / s$/.test(text.textContent) && text.getAttribute('text-anchor') !== 'end')
          .map((text) => text.textContent + ' at ' + text.getAttribute('x')).slice(-5).join())`,
    );
    expect(ticks[0]).toMatch(/^.*50 s at /);
    expect(new Set(ticks).size).toBe(1);
    await page.close();
  });

  test('hostile text stays text when its row is opened', async () => {
    const { page, complaints } = await open('hostile');
    await openEverything(page);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('paper keeps charts and findings whole, and is light', async () => {
    const { page } = await open('full', { dark: true });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    const style = await page.evaluate(
      `(() => {
        const of = (selector) => getComputedStyle(document.querySelector(selector));
        return {
          figure: of('figure').breakInside,
          dev: of('.dev').breakInside,
          finding: of('.finding').breakAfter,
          top: of('.top').display,
          paper: of('body').backgroundColor,
        };
      })()`,
    );
    expect(style).toEqual({
      figure: 'avoid',
      dev: 'avoid',
      finding: 'avoid',
      top: 'none',
      paper: 'rgb(252, 252, 250)',
    });
    await page.close();
  });

  test.each([
    ['every claim', fullRecord],
    ['an hour of load in both variants', hourOfLoad],
  ])('%s: less than 3 MB, opens with less than a second of work', async (name, make) => {
    const file = join(folder, `${name}.html`);
    writeFileSync(file, renderHtml(make()));
    expect(statSync(file).size).toBeLessThan(3_000_000);
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const session = await page.context().newCDPSession(page);
    // The page's own processor time: what else the machine does must not count.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    await page.goto(pathToFileURL(file).href, { waitUntil: 'load' });
    await settle(page);
    const { metrics } = await session.send('Performance.getMetrics');
    const work_s = metrics.find((metric) => metric.name === 'TaskDuration')?.value ?? Infinity;
    expect(work_s).toBeGreaterThan(0);
    expect(work_s).toBeLessThan(1);
    await page.close();
  });
});
