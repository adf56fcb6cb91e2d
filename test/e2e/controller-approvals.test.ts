import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  actionList,
  auditLog,
  loop,
  type Proposal,
  proposalList,
  proposal as proposalSchema,
} from '@flyball/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import {
  newOperator,
  type RunningController,
  Stores,
  startController,
  writePolicy,
} from '../support/controller.ts';
import { Operator } from '../support/operator.ts';
import { ManagerDouble } from '../support/process-manager.ts';
import { until } from '../support/until.ts';

/**
 * Approvals and actions on a real controller, a real PostgreSQL and a real ClickHouse: who comes
 * first, what is carried out, and that it is carried out once whatever dies meanwhile.
 */
const directory = temporaryDirectory();
const policies = join(directory, 'policies');
let stores: Stores;
let manager: ManagerDouble;
let controller: RunningController;
let admin: Operator;
let second: Operator;
/** Instances' worth of work, shared by as many as there are. */
let load = 1;
let stopReporting: () => void;

const policy = (approvals: string) => `
apiVersion: flyball/v1
kind: Policy
metadata: { name: checkout }
spec:
  service: checkout
  loops:
    replicas:
      law: { pid: { signal: worker.utilization, setpoint: 60% } }
      hysteresis: { up: 70%, down: 10% }
      every: 500ms
      cooldown: { up: 0, down: 0 }
      limits: { min: 2, max: 50 }
      actuator: { processes: { url: "${manager.url}" } }
      autonomy: ask
  observe: { window: 5s }
  guards: { actionsPerHour: 1000, reversalsPerHour: 1000, evidenceMaxAge: 10s }
  approvals: ${approvals}
`;
const APPROVALS = '{ expireAfter: 5m, verifyAfter: 1h }';

const pendingNow = async (): Promise<Proposal | undefined> =>
  (await admin.get('/api/proposals?state=pending', proposalList)).proposals[0];

/** Waits for a proposal other than those that were seen. */
const seen = new Set<string>();
async function nextProposal(
  wanted: (proposal: Proposal) => boolean = () => true,
): Promise<Proposal> {
  load = manager.desired * (manager.desired < 20 ? 0.95 : 0.05);
  const fresh = await until('a proposal waits', 40_000, async () => {
    const proposal = await pendingNow();
    return proposal !== undefined && !seen.has(proposal.id) && wanted(proposal) && proposal;
  });
  seen.add(fresh.id);
  return fresh;
}

const lifeOf = ({ createdAtMs, expiresAtMs }: Proposal) => expiresAtMs - createdAtMs;

const vote = (
  who: Operator,
  verdict: 'approve' | 'reject',
  { id, digest }: Pick<Proposal, 'id' | 'digest'>,
  key: string = randomUUID(),
) => who.send('POST', `/api/proposals/${id}/${verdict}`, { digest }, { 'idempotency-key': key });

const actionOf = (proposalId: string) =>
  until('the action has ended', 30_000, async () => {
    const { actions } = await admin.get('/api/actions', actionList);
    const action = actions.find((one) => one.proposalId === proposalId);
    return action !== undefined && action.finishedAtMs !== null && action;
  });

beforeAll(async () => {
  manager = await ManagerDouble.start();
  stores = await Stores.start(directory);
  writePolicy(policies, policy(APPROVALS));
  controller = await startController({ stores, policiesDir: policies, dataDir: directory });
  stopReporting = stores.reportUtilization(() => Math.min(1, load / manager.desired));
  admin = new Operator(controller.url);
  await until('the first sign-in link', 20_000, () => admin.redeemFirstLink(directory));
  await admin.send('POST', '/api/auth/password', { newPassword: 'a password of a test' });
  second = await newOperator(admin, 'berta');
}, 120_000);

afterAll(async () => {
  stopReporting?.();
  await controller?.program.stop();
  await stores?.stop();
  await manager?.stop();
  removeDirectory(directory);
});

describe('two approvers', () => {
  test('at once: one wins, the other is told who won; carried out once and read back', async () => {
    const proposal = await nextProposal();
    const [before, changes] = [manager.desired, manager.changes.length];
    const answers = await Promise.all([
      vote(admin, 'approve', proposal),
      vote(second, 'approve', proposal),
      vote(admin, 'approve', proposal),
      vote(second, 'reject', proposal),
    ]);
    const winners = answers.filter(({ status }) => status === 200);
    expect(winners).toHaveLength(1);
    const { state, decidedBy } = proposalSchema.parse(winners[0]?.body);
    for (const { status, body } of answers) {
      if (status === 200) continue;
      expect(status).toBe(409);
      expect(body).toMatchObject({ code: 'proposal-decided', details: { state, decidedBy } });
    }
    if (state === 'rejected') return;
    const action = await actionOf(proposal.id);
    expect(action).toMatchObject({
      state: 'succeeded',
      attempts: 1,
      before,
      after: proposal.after,
    });
    expect(action.readBack).toBe(proposal.after);
    expect(manager.changes.slice(changes)).toHaveLength(1);
    expect(manager.desired).toBe(proposal.after);
  });

  test('an approval repeated under its key gets the same answer, and changes nothing', async () => {
    const proposal = await nextProposal();
    const key = randomUUID();
    const answers = await Promise.all([1, 2, 3].map(() => vote(admin, 'approve', proposal, key)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    await actionOf(proposal.id);
    expect(manager.puts.filter((put) => put.key === proposal.id)).toHaveLength(1);
    const other = await vote(admin, 'reject', proposal, key);
    expect(other).toMatchObject({ status: 409, body: { code: 'idempotency-key-reused' } });
  });

  test('a decision without a key, or by nobody, is refused', async () => {
    const { id, digest } = await nextProposal();
    const without = await admin.send('POST', `/api/proposals/${id}/approve`, { digest });
    expect(without).toMatchObject({ status: 400, body: { code: 'idempotency-key-missing' } });
    const nobody = new Operator(controller.url);
    expect((await vote(nobody, 'approve', { id, digest })).status).toBe(401);
  });
});

describe('a proposal that is not what it was', () => {
  test('cannot be approved with another digest, and is shown as it stands', async () => {
    const proposal = (await pendingNow()) ?? (await nextProposal());
    const { id, digest } = proposal;
    const answer = await vote(admin, 'approve', { id, digest: '0'.repeat(64) });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: 'proposal-decided', details: { state: 'pending', digest } },
    });
  });

  test('is rejected for good', async () => {
    const proposal = (await pendingNow()) ?? (await nextProposal());
    expect(await vote(second, 'reject', proposal)).toMatchObject({
      status: 200,
      body: { state: 'rejected', decidedBy: 'user:berta' },
    });
    expect(await vote(admin, 'approve', proposal)).toMatchObject({
      status: 409,
      body: { details: { state: 'rejected', decidedBy: 'user:berta' } },
    });
  });

  test('expires by the server’s clock, and a time-out never approves', async () => {
    writePolicy(policies, policy('{ expireAfter: 5s, verifyAfter: 1h }'));
    // What waits was made under the old policy: it makes room for one under the new.
    const old = await pendingNow();
    if (old !== undefined) await vote(admin, 'reject', old);
    const changes = manager.changes.length;
    // While the signal still settles, a better proposal may take its place before its time is over.
    await until('a proposal has expired', 60_000, async () => {
      const proposal = await nextProposal((one) => lifeOf(one) === 5_000);
      await until('its time is over', 10_000, () => Date.now() > proposal.expiresAtMs);
      const { status, body } = await vote(admin, 'approve', proposal);
      expect(status).toBe(409);
      return (body as { details: { state: string } }).details.state === 'expired';
    });
    expect(manager.changes).toHaveLength(changes);
    writePolicy(policies, policy(APPROVALS));
  });

  test('is refused at execution when the target has moved meanwhile', async () => {
    const proposal = await nextProposal((one) => lifeOf(one) > 5_000);
    // Somebody else turns the knob, and the vote comes before the next cycle can see it.
    manager.version += 1;
    const voted = await vote(admin, 'approve', proposal);
    if (voted.status === 200) {
      const action = await actionOf(proposal.id);
      expect(action.state).toBe('refused');
      expect(action.error).toContain('version');
    } else {
      expect(voted.status).toBe(409);
    }
    expect(manager.changes.some(({ key }) => key === proposal.id)).toBe(false);
    const resumed = await until('the loop has stopped, or taken it in', 15_000, async () => {
      const { state } = await admin.get('/api/loops/checkout/replicas', loop);
      return state === 'stopped' || (await pendingNow()) !== undefined;
    });
    expect(resumed).toBe(true);
    const path = '/api/loops/checkout/replicas/autonomy';
    expect((await admin.send('POST', path, { autonomy: 'ask', reason: 'seen' })).status).toBe(200);
  });
});

describe('an action in progress', () => {
  test('survives kill -9 of the controller and is not made twice', async () => {
    const proposal = await nextProposal();
    const changes = manager.changes.length;
    const stalled = new Promise<void>((done) => {
      manager.onStall = done;
    });
    // The change is made, but its answer never reaches the controller.
    manager.stall = { kind: 'PUT', until: new Promise(() => {}) };
    expect((await vote(admin, 'approve', proposal)).status).toBe(200);
    await stalled;
    await controller.program.stop('SIGKILL');
    manager.stall = null;
    controller = await startController({ stores, policiesDir: policies, dataDir: directory });
    admin = new Operator(controller.url);
    await admin.signIn('admin', 'a password of a test');
    const action = await actionOf(proposal.id);
    expect(action).toMatchObject({ state: 'succeeded', readBack: proposal.after });
    expect(action.attempts).toBeGreaterThan(1);
    expect(manager.changes.slice(changes).map(({ key }) => key)).toEqual([proposal.id]);
  });

  test('is left alone by a leader that slept past its lease', async () => {
    const proposal = await nextProposal();
    const changes = manager.changes.length;
    const sleeper = controller;
    let wake: () => void = () => {};
    const stalled = new Promise<void>((done) => {
      manager.onStall = done;
    });
    manager.stall = {
      kind: 'GET',
      until: new Promise((done) => {
        wake = done;
      }),
    };
    await stalled;
    expect((await vote(admin, 'approve', proposal)).status).toBe(200);
    await until('the action runs', 10_000, async () => {
      const { actions } = await admin.get('/api/actions', actionList);
      return actions.find((one) => one.proposalId === proposal.id)?.state === 'running';
    });
    sleeper.program.child.kill('SIGSTOP');
    try {
      manager.stall = null;
      controller = await startController({ stores, policiesDir: policies, dataDir: directory });
      admin = new Operator(controller.url);
      await admin.signIn('admin', 'a password of a test');
      const action = await actionOf(proposal.id);
      expect(action).toMatchObject({ state: 'succeeded', readBack: proposal.after });
    } finally {
      wake();
      sleeper.program.child.kill('SIGCONT');
    }
    await sleeper.program.line((line) => /not leading/.test(line.msg), 20_000);
    const fences = manager.puts.filter(({ key }) => key === proposal.id).map(({ fence }) => fence);
    expect(fences).toHaveLength(1);
    expect(manager.changes.slice(changes)).toHaveLength(1);
    expect(await sleeper.program.stop()).toBe(0);
  });
});

describe('what was done', () => {
  test('is in an audit whose chain is whole', async () => {
    const { entries, intact } = await admin.get('/api/audit?limit=200', auditLog);
    expect(intact).toBe(true);
    const kinds = new Set(entries.map(({ action }) => action));
    for (const kind of ['proposal.create', 'proposal.approve', 'action.succeeded', 'policy.load']) {
      expect(kinds).toContain(kind);
    }
  });

  test('all automation stops with one call: nothing is proposed or approved', async () => {
    const waiting = await nextProposal();
    const stopped = await admin.send('POST', '/api/automation/stop', { reason: 'a test' });
    expect(stopped).toMatchObject({ status: 200, body: { stopped: true, by: 'user:admin' } });
    expect(await vote(admin, 'approve', waiting)).toMatchObject({ status: 409 });
    expect(await pendingNow()).toBeUndefined();
    const { state } = await until('the loop is stopped', 10_000, async () => {
      const one = await admin.get('/api/loops/checkout/replicas', loop);
      return one.state === 'stopped' && one;
    });
    expect(state).toBe('stopped');
    await admin.send('POST', '/api/automation/resume', {});
    await nextProposal();
  });
});
