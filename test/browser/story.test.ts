import { rmSync } from 'node:fs';
import {
  actionList,
  type Loop,
  loopList,
  modeHistory,
  overview,
  type Proposal,
  proposalList,
  traceSearch,
} from '@flyball/contract';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepLog } from '../support/artifacts.ts';
import { shortenedPolicies } from '../support/demo-policies.ts';
import { Operator } from '../support/operator.ts';
import { Shop } from '../support/shop.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { LOOKS, openBrowser, Window } from './support.ts';

/**
 * The story a newcomer is told, in a browser: sign in, switch on a surge, see it noticed, read the
 * remedy, approve it, watch the service recover. Told in order; pictures in test/.artifacts/story.
 */
const PASSWORD = 'a governor has two balls';

let stack: Stack;
let shop: Shop;
let policies: string;
let browser: Browser;
let desk: Window;
/** The same person at the API, for what a person would know without looking. */
let operator: Operator;

beforeAll(async () => {
  policies = shortenedPolicies();
  stack = await startStack({
    verb: 'demo',
    args: ['--policies', policies],
    env: { FLYBALL_CYCLE: '1s' },
  });
  shop = new Shop(stack);
  operator = new Operator(stack.urls.dashboard);
  browser = await openBrowser();
  desk = await Window.open(browser, { width: 1440, theme: 'light' });
}, 200_000);

afterAll(async () => {
  await browser?.close();
  keepLog(stack, 'story');
  await stack?.stop();
  rmSync(policies, { recursive: true, force: true });
});

const at = (path: string) => stack.urls.dashboard + path;

/** The row of a service in the overview's table. */
const rowOf = (service: string) =>
  desk.page.getByRole('row').filter({ has: desk.page.getByRole('link', { name: service }) });

test('the printed link signs in, and a password is chosen', async () => {
  const { page } = desk;
  const link = /Sign in {5}(http\S+)/.exec(stack.output())?.[1] ?? '';
  await page.goto(link);
  await page.getByLabel('New password', { exact: true }).waitFor();
  expect(page.url(), 'the token has left the address bar').not.toContain('token=');
  await desk.picture('story', '01-choose-password');
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('The new password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await operator.signIn('admin', PASSWORD);
  expect(desk.problems()).toEqual([]);
}, 90_000);

test('a quiet shop is in Target', async () => {
  for (const service of ['checkout', 'gateway', 'inventory', 'payments', 'recommendations']) {
    await rowOf(service).getByText('Target').waitFor({ timeout: 120_000 });
  }
  await until('every loop has its evidence, and customers come', 60_000, async () => {
    const { loops } = await operator.get('/api/loops', loopList);
    const { services } = await operator.get('/api/overview', overview);
    const checkout = services.find(({ service }) => service === 'checkout');
    const seen = loops.length > 0 && loops.every(({ state }) => state !== 'held');
    return seen && (checkout?.requestsPerSecond ?? 0) > 15;
  });
  await desk.picture('story', '02-quiet');
  expect(desk.problems()).toEqual([]);
}, 150_000);

test('a surge is switched on at the shop and shows as Degraded with its cause', async () => {
  const street = await Window.open(browser, { width: 1440, theme: 'light' });
  await street.page.goto(stack.urls.demo);
  const card = street.page.locator('form[data-kind="surge"]');
  await card.getByLabel('Times the load').fill('2.5');
  await card.getByRole('button', { name: 'Switch on' }).click();
  await card.getByRole('button', { name: 'Switch off' }).waitFor();
  await street.picture('story', '03-shop');
  expect(street.problems()).toEqual([]);
  await street.close();

  const row = rowOf('checkout');
  await row.getByText('Degraded').waitFor({ timeout: 60_000 });
  await row
    .getByText(/p99|latency|budget|errors|utilization|concurrency/i)
    .first()
    .waitFor();
  await desk.page.getByText('Needs you').waitFor();
  await desk.picture('story', '04-degraded');
  expect(desk.problems()).toEqual([]);
}, 120_000);

/** The card of a proposal; it stays where it is when the proposal is decided. */
const cardOf = ({ id }: Proposal) => desk.page.locator(`article[data-proposal="${id}"]`);

async function waiting(): Promise<Proposal | undefined> {
  const { proposals } = await operator.get('/api/proposals?state=pending', proposalList);
  return proposals.find(({ loopId }) => loopId === 'checkout/replicas');
}

/** Presses the card's button, as a person would; false when the proposal went away meanwhile. */
async function approve(proposal: Proposal, comment: string): Promise<boolean> {
  const card = cardOf(proposal);
  await card.getByLabel(/^Comment/).fill(comment);
  await card.getByRole('button', { name: /^Approve/ }).click();
  const dialog = desk.page.getByRole('dialog');
  const outcome = card.getByText(/by you|Too late|Expired|withdrawn|superseded/i).first();
  await dialog.or(outcome).first().waitFor();
  if (await dialog.isVisible()) {
    await dialog.getByRole('textbox').fill(proposal.service);
    await dialog.getByRole('button', { name: 'Approve' }).click();
    await outcome.waitFor();
  }
  return card.getByText(/Approved\s+by you/i).isVisible();
}

test('its remedy is read and approved', async () => {
  const { page } = desk;
  await page
    .getByRole('link', { name: /^Actions/ })
    .first()
    .click();
  const proposal = await until('a remedy is proposed', 60_000, waiting);
  const card = cardOf(proposal);
  const parts = ['Why now', 'Evidence', 'What should happen', 'If nobody acts', 'Blast radius'];
  for (const part of [...parts, 'Undo', 'Guards', 'Alternatives', 'Who']) {
    await card.getByRole('heading', { name: part }).first().waitFor();
  }
  await card.getByRole('heading', { name: proposal.title }).waitFor();
  expect(await card.textContent()).toContain(`${proposal.after} replicas`);
  await desk.picture('story', '05-proposal');
  expect(await approve(proposal, 'the surge is real')).toBe(true);
  await desk.picture('story', '06-approved');
  await until('real processes start', 60_000, async () => {
    return (await shop.service('checkout')).running >= Number(proposal.after);
  });
  await page.getByRole('tab', { name: 'Carried out' }).click();
  await page.getByText(proposal.title).first().waitFor();
  const { actions } = await operator.get('/api/actions?limit=200', actionList);
  const mine = actions.filter(({ proposalId }) => proposalId === proposal.id);
  expect(mine).toHaveLength(1);
  expect(mine[0]).toMatchObject({ state: 'succeeded', approvedBy: 'user:admin' });
  await desk.picture('story', '07-carried-out');
  expect(desk.problems()).toEqual([]);
}, 180_000);

test('the service recovers: Recovery, then Target', async () => {
  const { page } = desk;
  await page.goto(at('/actions'));
  const hasRecovered = async () => {
    const history = await operator.get('/api/modes/history?service=checkout', modeHistory);
    return history.transitions.some((one) => one.to === 'recovery');
  };
  await until(
    'Recovery begins',
    240_000,
    async () => {
      if (await hasRecovered()) return true;
      // The law may ask for one more step; a person agrees again.
      const more = await waiting();
      if (more !== undefined && more.after > more.before) await approve(more, 'still too little');
      return false;
    },
    1_000,
  );
  await page.goto(at('/'));
  await rowOf('checkout')
    .getByText(/Recovery|Target/)
    .first()
    .waitFor({ timeout: 60_000 });
  await desk.picture('story', '08-recovering');
  await rowOf('checkout').getByText('Target').waitFor({ timeout: 240_000 });
  await desk.picture('story', '09-target');
  await page.goto(at('/modes?service=checkout'));
  for (const mode of ['Degraded', 'Recovery', 'Target']) {
    await page.getByRole('main').getByText(mode).first().waitFor();
  }
  expect(desk.problems()).toEqual([]);
}, 600_000);

/** A page, and what has to be on it. */
interface Sight {
  readonly name: string;
  readonly path: string;
  readonly shows: readonly (string | RegExp)[];
}

async function sights(): Promise<Sight[]> {
  const { traces } = await operator.get('/api/traces?service=checkout&limit=20', traceSearch);
  const trace = traces.toSorted((one, other) => other.spanCount - one.spanCount)[0];
  const loop = (name: Loop['name']) => `/loops/checkout/${name}`;
  return [
    { name: 'overview', path: '/', shows: ['checkout', 'payments', /p99/] },
    { name: 'matrix', path: '/matrix', shows: ['checkout', 'payments', /Latency/i] },
    { name: 'modes', path: '/modes', shows: ['Timeline', 'Transitions', 'Degraded'] },
    { name: 'traces', path: '/traces?service=checkout', shows: [/kept traces/, /POST/] },
    {
      name: 'waterfall',
      path: `/traces/${trace?.traceId}`,
      shows: ['checkout', /gateway/, 'Copy id'],
    },
    { name: 'critical-paths', path: '/critical-paths', shows: ['Endpoints', /checkout/, /share/i] },
    { name: 'loops', path: '/loops', shows: ['replicas', 'rate', 'weights'] },
    { name: 'loop-replicas', path: loop('replicas'), shows: [/measured/i, /setpoint/i, /reason/i] },
    {
      name: 'loop-default-law',
      path: '/loops/recommendations/replicas',
      shows: [/autoscale/, /setpoint/i, /cost/i],
    },
    { name: 'loop-rate', path: loop('rate'), shows: [/measured/i, /setpoint/i] },
    { name: 'loop-weights', path: loop('weights'), shows: [/weights/i, /checkout-1/] },
    { name: 'actions', path: '/actions', shows: ['To decide', 'Carried out'] },
    { name: 'carried-out', path: '/actions?tab=actions', shows: [/admin/, /replicas/] },
    { name: 'audit', path: '/actions?tab=audit', shows: [/proposal.approve|approve/i] },
    { name: 'users', path: '/users', shows: ['admin'] },
  ];
}

test.each(LOOKS)(
  'every page at $width px, $theme',
  async (look) => {
    const window = await Window.open(browser, look, desk);
    const { page } = window;
    const wrong: string[] = [];
    for (const { name, path, shows } of await sights()) {
      await page.goto(at(path));
      for (const text of shows) {
        const found = page.getByRole('main').getByText(text).locator('visible=true').first();
        await found.waitFor().catch(() => wrong.push(`${name}: shows no ${text}`));
      }
      // Charts are drawn after their data has come.
      await page.waitForFunction(() => document.querySelector('[aria-label="Loading"]') === null);
      await window.picture('pages', `${name}-${look.width}-${look.theme}`);
      const { px, by } = await window.overflow();
      if (px > 0) wrong.push(`${name}: ${px} px too wide: ${by.join(' | ')}`);
      wrong.push(...window.problems().map((problem) => `${name}: ${problem}`));
    }
    await window.close();
    expect(wrong).toEqual([]);
  },
  240_000,
);
