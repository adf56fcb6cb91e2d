import { proposal, proposalList } from '@flyball/contract';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepLog } from '../support/artifacts.ts';
import { Operator } from '../support/operator.ts';
import { invite } from '../support/people.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { openBrowser, Window } from './support.ts';

/** How the dashboard behaves: empty, signed out, watched by two, without its controller. */
const PASSWORD = 'two balls on one spindle';

let stack: Stack;
let browser: Browser;
let desk: Window;
let admin: Operator;

beforeAll(async () => {
  stack = await startStack();
  browser = await openBrowser();
  desk = await Window.open(browser, { width: 1440, theme: 'light' });
  const link = /Sign in {5}(http\S+)/.exec(stack.output())?.[1] ?? '';
  await desk.page.goto(link);
  await desk.page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await desk.page.getByLabel('The new password again').fill(PASSWORD);
  await desk.page.getByRole('button', { name: 'Save password' }).click();
  await desk.page.getByRole('heading', { name: 'Overview' }).waitFor();
  admin = new Operator(stack.urls.dashboard);
  await admin.signIn('admin', PASSWORD);
}, 200_000);

afterAll(async () => {
  await browser?.close();
  keepLog(stack, 'dashboard-conduct');
  await stack?.stop();
});

const at = (path: string) => stack.urls.dashboard + path;
const traceId = 'babe'.padEnd(32, '7');

async function sendTrace(): Promise<void> {
  const endNs = BigInt(Date.now()) * 1_000_000n;
  const span = (
    spanId: string,
    parentSpanId: string,
    name: string,
    ms: number,
    status: number,
  ) => ({
    traceId,
    spanId,
    ...(parentSpanId === '' ? {} : { parentSpanId }),
    name,
    kind: 2,
    status: { code: status },
    startTimeUnixNano: String(endNs - BigInt(ms) * 1_000_000n),
    endTimeUnixNano: String(endNs),
    attributes: [{ key: 'cart.note', value: { stringValue: 'two, with a bow' } }],
  });
  const spans = [
    span('aaaaaaaaaaaaaaa1', '', 'POST /orders', 300, 2),
    span('aaaaaaaaaaaaaaa2', 'aaaaaaaaaaaaaaa1', 'charge', 200, 2),
    span('aaaaaaaaaaaaaaa3', 'aaaaaaaaaaaaaaa2', 'ask the bank', 100, 2),
  ];
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'kiosk' } }] };
  const { status } = await fetch(`${stack.urls.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(status).toBe(200);
}

test('with nothing to show, the overview says how to send data here', async () => {
  const { page } = desk;
  await page.goto(at('/'));
  const main = page.getByRole('main');
  await main.getByRole('heading', { name: 'Send data' }).waitFor();
  await main.getByText(`OTEL_EXPORTER_OTLP_ENDPOINT=${stack.urls.otlpHttp}`).waitFor();
  await page.getByRole('tab', { name: 'By hand' }).click();
  await main.getByText(`${stack.urls.otlpHttp}/v1/traces`).waitFor();
}, 60_000);

test('a trace sent by hand is found by an attribute, and its path is walked by keys', async () => {
  const { page } = desk;
  await sendTrace();
  await page.goto(at('/traces?range=15m'));
  await page.getByLabel('Attributes, all on one span').fill('cart.note="two, with a bow"');
  const search = page.getByRole('button', { name: 'Search', exact: true });
  const found = page.getByRole('link', { name: /kiosk\s+POST \/orders/ });
  await until('the search finds it', 30_000, async () => {
    await search.click();
    await page.getByRole('button', { name: 'Fetch again' }).click();
    return found.first().isVisible();
  });
  await page.reload();
  await found.first().click();
  const rows = page.getByRole('treeitem');
  await rows.nth(2).waitFor();
  expect(await rows.count()).toBe(3);
  await page.keyboard.press('n');
  await page.keyboard.press('n');
  // The URL follows what is chosen a moment later.
  await page.waitForURL(/span=aaaaaaaaaaaaaaa2/);
  const chosen = page.getByRole('treeitem', { selected: true });
  const before = await chosen.textContent();
  await page.reload();
  await chosen.waitFor();
  expect(await chosen.textContent(), 'the URL holds what is chosen').toBe(before);
  await page.getByRole('complementary', { name: 'Span details' }).getByText('cart.note').waitFor();
  await page.keyboard.press(']');
  await page.keyboard.press(']');
  await until('two levels are closed', 10_000, async () => (await rows.count()) === 1);
  expect(desk.problems()).toEqual([]);
}, 90_000);

test('keys lead to every page, and the palette to what is called by name', async () => {
  const { page } = desk;
  await page.goto(at('/'));
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const ways = { m: '/matrix', d: '/modes', t: '/traces', c: '/critical-paths', l: '/loops' };
  for (const [key, path] of Object.entries(ways)) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.waitForURL(at(path));
    await page.getByRole('heading', { level: 1 }).waitFor();
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByPlaceholder(/A page, a service/).fill(traceId);
  await page.keyboard.press('Enter');
  await page.waitForURL(at(`/traces/${traceId}`));
  expect(desk.problems()).toEqual([]);
}, 60_000);

test('one click stops all automation, and whoever watches hears of it at once', async () => {
  const other = await Window.open(browser, { width: 390, theme: 'dark' }, desk);
  await other.page.goto(at('/matrix'));
  await other.page.getByText('live', { exact: true }).waitFor();
  await desk.page.goto(at('/'));
  await desk.page.getByRole('button', { name: 'Stop all automation' }).click();
  await other.page.getByText(/All automation is stopped\s+by admin/).waitFor({ timeout: 10_000 });
  await desk.page.getByRole('button', { name: 'Resume automation' }).click();
  const dialog = desk.page.getByRole('dialog');
  await dialog.getByLabel(/Reason/).fill('a rehearsal');
  await dialog.getByRole('button', { name: 'Resume automation' }).click();
  await other.page.getByText('All automation is stopped').waitFor({ state: 'detached' });
  await desk.page.goto(at('/actions?tab=audit'));
  await desk.page.getByText('a rehearsal').first().waitFor();
  expect([...desk.problems(), ...other.problems()]).toEqual([]);
  await other.close();
}, 60_000);

test('a viewer sees and is told why not to act; a wrong password is told as such', async () => {
  const viewer = await invite(admin, 'vera', 'viewer');
  const window = await Window.open(browser, { width: 1440, theme: 'dark' });
  const { page } = window;
  await page.goto(at('/loops'));
  await page.waitForURL(/sign-in\?next=%2Floops/);
  await page.getByLabel('User name').fill('vera');
  await page.getByLabel('Password').fill('not this one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(/wrong name or password/i).waitFor();
  const link = await admin.send('PATCH', `/api/users/${await idOf('vera')}`, {
    resetPassword: true,
  });
  await page.goto(at((link.body as { signInPath: string }).signInPath));
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('The new password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Save password' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const stop = page.getByRole('button', { name: 'Stop all automation' });
  expect(await stop.isDisabled()).toBe(true);
  expect(await stop.getAttribute('title')).toContain('Your role is viewer');
  expect(await page.getByRole('link', { name: 'Users' }).count()).toBe(0);
  expect((await viewer.send('GET', '/api/overview')).status, 'the old session ended').toBe(401);
  await window.close();
}, 90_000);

async function idOf(username: string): Promise<string> {
  const { body } = await admin.send('GET', '/api/users');
  const { users } = body as { users: { id: string; username: string }[] };
  return users.find((user) => user.username === username)?.id ?? '';
}

/** A proposal as the contract has it; what the controller makes is tested where it is made. */
function waitingProposal() {
  const now = Date.now();
  return proposal.parse({
    ...{ id: 'p1', digest: 'd1', loopId: 'kiosk/replicas', service: 'kiosk', autonomy: 'ask' },
    ...{ title: 'Scale kiosk from 2 to 4 replicas', unit: 'replicas', before: 2, after: 4 },
    ...{ reason: 'above-band', why: 'It is busy.', terms: {}, evidence: [], guards: [] },
    prediction: {
      ...{ text: 'It calms down.', signal: 'cpu', value: 0.6, low: 0.5, high: 0.7 },
      ...{ withinMs: 60_000, trackRecord: { met: 1, judged: 2 } },
    },
    blastRadius: { text: 'All of it', trafficShare: 1, dependants: [], large: true },
    ...{ undo: 'Scale back.', ifNothing: 'It stays busy.', alternatives: ['Do nothing'] },
    preconditions: { targetVersion: '1', mode: null, evidenceHash: 'h' },
    ...{ proposedBy: 'loop:kiosk/replicas', quorum: 1, votes: [], state: 'pending' },
    ...{ decidedBy: null, decidedAtMs: null, actionId: null, traceId: null },
    ...{ createdAtMs: now, expiresAtMs: now + 300_000 },
  });
}

test('buttons sleep when their card moves, and a loser learns who won', async () => {
  const { page } = desk;
  const pending = waitingProposal();
  await page.route('**/api/proposals?*', (route) =>
    route.fulfill({
      json: proposalList.parse({ proposals: [pending], serverNowMs: Date.now() }),
    }),
  );
  await page.route('**/api/proposals/p1/approve', (route) => {
    const details = { state: 'approved', decidedBy: 'user:grace', digest: 'd1' };
    return route.fulfill({
      status: 409,
      json: {
        code: 'proposal-decided',
        message: 'It has been decided.',
        details: { ...details, decidedAtMs: Date.now() - 2000 },
      },
    });
  });
  await page.goto(at('/actions'));
  const approve = page.getByRole('button', { name: /^Approve/ });
  const isAsleep = () => approve.isDisabled();
  await approve.waitFor();
  expect(await isAsleep(), 'it has just come').toBe(true);
  await until('it wakes', 5_000, async () => !(await isAsleep()), 50);
  await page.evaluate(() => {
    const pushes = document.createElement('div');
    pushes.style.height = '60px';
    document.querySelector('main')?.prepend(pushes);
  });
  await until('it sleeps when it was moved', 450, isAsleep, 20);
  await until('it wakes again', 5_000, async () => !(await isAsleep()), 50);
  await approve.click();
  const dialog = page.getByRole('dialog');
  const confirm = dialog.getByRole('button', { name: 'Approve' });
  expect(await confirm.isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('kiosk');
  await confirm.click();
  await page.getByText(/approved\s+by grace\s+\d+\s+s\s+ago/).waitFor();
  await page.unrouteAll();
  desk.problems();
}, 60_000);

test('without its controller it keeps what it shows, and comes back by itself', async () => {
  const { page } = desk;
  await page.goto(at('/traces?range=15m&service=kiosk'));
  await page
    .getByRole('link', { name: /kiosk\s+POST \/orders/ })
    .first()
    .waitFor();
  const old = stack.kill('controller');
  await page.getByText('The controller is away.').waitFor({ timeout: 20_000 });
  expect(await page.getByText('POST /orders').first().isVisible()).toBe(true);
  const health = await fetch(at('/health'));
  expect(health.status).toBe(200);
  await stack.recovered('controller', old);
  await page.getByText('The controller is away.').waitFor({ state: 'detached', timeout: 60_000 });
  await page.getByText('live', { exact: true }).waitFor({ timeout: 60_000 });
  desk.problems();
}, 120_000);

test('told to stop, it ends within eight seconds although its event streams are open', async () => {
  const { page } = desk;
  await page.goto(at('/'));
  await page.getByText('live', { exact: true }).waitFor();
  const pid = stack.kill('dashboard', 'SIGTERM');
  await until('the process is gone', 8_000, () => !isAlive(pid), 100);
  await stack.recovered('dashboard', pid);
  await page.getByText('live', { exact: true }).waitFor({ timeout: 60_000 });
  desk.problems();
}, 90_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
