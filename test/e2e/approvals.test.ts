import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import {
  actionList,
  auditLog,
  type Proposal,
  proposalList,
  proposal as proposalSchema,
} from '@flyball/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepLog } from '../support/artifacts.ts';
import { shortenedPolicies } from '../support/demo-policies.ts';
import { type Answer, Operator } from '../support/operator.ts';
import { invite } from '../support/people.ts';
import { Shop } from '../support/shop.ts';
import { type Stack, startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';

/**
 * Who may decide, and who was first, on the running demo and through the dashboard's own origin,
 * as browsers come. The controller alone is asked in controller-approvals.
 */
let stack: Stack;
let shop: Shop;
let admin: Operator;
let anna: Operator;
let berta: Operator;
let viewer: Operator;
let policies: string;

beforeAll(async () => {
  // A floor of three where two run: each loop has something to propose at once.
  policies = shortenedPolicies(({ metadata, spec }) => {
    const { replicas } = (spec.loops ?? {}) as { replicas?: { limits: { min: number } } };
    if (replicas !== undefined) replicas.limits.min = 3;
    if (metadata.name === 'recommendations') spec.approvals = { expireAfter: '5s' };
  });
  stack = await startStack({
    verb: 'demo',
    args: ['--policies', policies],
    env: { FLYBALL_CYCLE: '1s', FLYBALL_DEMO_RATE: '30' },
  });
  shop = new Shop(stack);
  admin = await Operator.first(stack);
  anna = await invite(admin, 'anna', 'operator');
  berta = await invite(admin, 'berta', 'operator');
  viewer = await invite(admin, 'vera', 'viewer');
}, 200_000);

afterAll(async () => {
  keepLog(stack, 'approvals');
  await stack?.stop();
  rmSync(policies, { recursive: true, force: true });
});

/** A way down has to be confirmed for a minute before it is proposed. */
async function pendingFor(loopId: string): Promise<Proposal> {
  return until(`a proposal for ${loopId}`, 150_000, async () => {
    const { proposals } = await admin.get('/api/proposals?state=pending', proposalList);
    return proposals.find((one) => one.loopId === loopId);
  });
}

function approve(
  who: Operator,
  { id, digest }: Pick<Proposal, 'id' | 'digest'>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const key = randomUUID();
  const all = { 'idempotency-key': key, ...headers };
  return who.send('POST', `/api/proposals/${id}/approve`, { digest }, all);
}

const stateOf = async (id: string) =>
  (await admin.get(`/api/proposals/${id}`, proposalSchema)).state;

test('nobody decides without the role, the token and the origin of the dashboard', async () => {
  const pending = await pendingFor('inventory/replicas');
  const refusals: [string, Answer][] = [
    ['a viewer', await approve(viewer, pending)],
    ['no CSRF token', await approve(anna, pending, { 'x-csrf-token': '' })],
    ['a wrong CSRF token', await approve(anna, pending, { 'x-csrf-token': 'x'.repeat(43) })],
    ['a foreign origin', await approve(anna, pending, { origin: 'http://evil.example' })],
    ['an opaque origin', await approve(anna, pending, { origin: 'null' })],
    ['another site', await approve(anna, pending, { 'sec-fetch-site': 'cross-site' })],
    ['a sister site', await approve(anna, pending, { 'sec-fetch-site': 'same-site' })],
  ];
  for (const [who, { status, body }] of refusals) {
    expect(status, `${who}: ${JSON.stringify(body)}`).toBe(403);
  }
  const without = await anna.send('POST', `/api/proposals/${pending.id}/approve`, {
    digest: pending.digest,
  });
  expect(without.status, 'no Idempotency-Key').toBe(400);
  const nobody = new Operator(stack.urls.dashboard);
  expect((await approve(nobody, pending)).status, 'nobody').toBe(401);
  expect(await stateOf(pending.id)).toBe('pending');
  expect((await viewer.send('GET', '/api/audit')).status, 'the audit is for operators').toBe(403);
}, 180_000);

test('a mutation without any origin is refused', async () => {
  const { id, digest } = await pendingFor('inventory/replicas');
  const plain = await fetch(`${stack.urls.dashboard}/api/proposals/${id}/approve`, {
    method: 'POST',
    headers: { ...anna.credentials(), 'content-type': 'application/json', 'idempotency-key': '1' },
    body: JSON.stringify({ digest }),
  });
  expect(plain.status).toBe(403);
  expect(await plain.json()).toMatchObject({ code: 'origin-missing' });
  expect(await stateOf(id)).toBe('pending');
}, 180_000);

test('two at once: one wins, the other is told who, and it is carried out once', async () => {
  for (const service of ['inventory', 'payments']) {
    const pending = await pendingFor(`${service}/replicas`);
    const { version } = await shop.service(service);
    const answers = await Promise.all([approve(anna, pending), approve(berta, pending)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const won = answers.find(({ status }) => status === 200);
    const { decidedBy } = proposalSchema.parse(won?.body);
    expect(['user:anna', 'user:berta']).toContain(decidedBy);
    const lost = answers.find(({ status }) => status === 409);
    expect(lost?.body).toMatchObject({
      code: 'proposal-decided',
      details: { state: 'approved', decidedBy, decidedAtMs: expect.any(Number) },
    });
    expect(JSON.stringify(lost?.body)).toContain(String(decidedBy));
    await until('it is carried out', 60_000, async () => {
      const { actions } = await admin.get('/api/actions', actionList);
      const own = actions.filter(({ proposalId }) => proposalId === pending.id);
      return own.length === 1 && own[0]?.state === 'succeeded';
    });
    expect((await shop.service(service)).version).toBe(version + 1);
  }
}, 180_000);

test('what has expired cannot be approved, nor what was changed', async () => {
  const first = await pendingFor('recommendations/replicas');
  const changed = await approve(anna, { id: first.id, digest: '0'.repeat(64) });
  expect(changed.status).toBe(409);
  await until('its time is over', 20_000, () => Date.now() > first.expiresAtMs);
  const late = await approve(anna, first);
  expect(late).toMatchObject({ status: 409, body: { details: { state: 'expired' } } });
  const { desired } = await shop.service('recommendations');
  expect(desired).toBe(2);
}, 180_000);

test('the audit tells it all, in a chain that is whole', async () => {
  const { entries, intact } = await admin.get('/api/audit?limit=200', auditLog);
  expect(intact).toBe(true);
  const approvals = entries.filter(({ action }) => action === 'proposal.approve');
  expect(approvals).toHaveLength(2);
  for (const { actor } of approvals) expect(actor).toMatch(/^user:(anna|berta)$/);
});
