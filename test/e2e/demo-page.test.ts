import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureChromium } from '../support/chromium.ts';
import { eventually, type Peers, type Shop, startPeers, startShop } from './demo-harness.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let peers: Peers;
let shop: Shop;
let browser: Browser;

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: ensureChromium(), args: FLAGS });
  peers = await startPeers();
  shop = await startShop(peers);
});

afterAll(async () => {
  await browser?.close();
  await shop?.close();
  await peers?.close();
});

async function open(options: { width: number; dark: boolean }): Promise<[Page, string[]]> {
  const page = await browser.newPage({
    viewport: { width: options.width, height: 900 },
    colorScheme: options.dark ? 'dark' : 'light',
  });
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(shop.url);
  await page.getByRole('status').getByText('Open').waitFor();
  return [page, problems];
}

describe('the control page', () => {
  it('switches a fault on and off, and shows that it is on', async () => {
    const [page, problems] = await open({ width: 1_200, dark: false });
    const card = page.locator('form', { hasText: 'Slow instance' });
    await card.getByLabel('Instance').selectOption('checkout-2');
    await card.getByLabel('Times as slow').fill('6');
    await card.getByRole('button', { name: 'Switch on' }).click();
    await card.getByText('checkout-2 takes 6 times as long, 9:5').waitFor();
    const faults = await (await fetch(new URL('/faults', shop.url))).json();
    expect(faults).toMatchObject({
      faults: [{ kind: 'slow-instance', instance: 'checkout-2', magnitude: 6 }],
    });
    await card.getByRole('button', { name: 'Switch off' }).click();
    await card.getByRole('button', { name: 'Switch on' }).waitFor();
    expect(await (await fetch(new URL('/faults', shop.url))).json()).toEqual({ faults: [] });
    expect(problems).toEqual([]);
    await page.close();
  });

  it('changes the load', async () => {
    const [page] = await open({ width: 1_200, dark: false });
    await page.getByLabel('Requests per second').fill('30');
    await page.getByRole('button', { name: 'Apply' }).click();
    await eventually(
      'fewer customers',
      async () => (await shop.state()).load?.sentPerSecond ?? 0,
      (rate) => rate > 5 && rate < 45,
    );
    await page.close();
  });

  it('says when something was refused', async () => {
    const [page] = await open({ width: 1_200, dark: false });
    const card = page.locator('form', { hasText: 'Error burst' });
    await card.evaluate((form) => form.setAttribute('novalidate', ''));
    await card.getByLabel('Percent that fail').fill('400');
    await card.getByRole('button', { name: 'Switch on' }).click();
    await page.getByRole('alert').getByText('magnitude 4 of error-burst is not within').waitFor();
    await page.close();
  });

  it('says when the shop has gone, and comes back with it', async () => {
    const [page] = await open({ width: 1_200, dark: false });
    await page.route('**/state', (route) => route.abort());
    await page.getByRole('status').getByText('does not answer').waitFor();
    await page.unroute('**/state');
    await page.getByRole('status').getByText('Open').waitFor();
    await page.close();
  });

  it.each([
    { width: 390, dark: true },
    { width: 390, dark: false },
    { width: 1_200, dark: true },
  ])('fits a screen of $width pixels, dark: $dark', async (options) => {
    const [page, problems] = await open(options);
    await page.getByRole('cell', { name: 'checkout-1' }).waitFor();
    const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(widths[0]).toBe(widths[1]);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(background).toBe(options.dark ? 'rgb(12, 15, 19)' : 'rgb(245, 246, 248)');
    expect(problems).toEqual([]);
    await page.close();
  });
});
