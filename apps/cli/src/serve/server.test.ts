import { LOAD_CASES, type ReplicaPolicy, runFleet, STREAMED, SWIFT } from '@flyball/control/sim';
import { afterAll, expect, it } from 'vitest';
import { type ReplicaSteering, readSteering } from '../policy/read-policy.ts';
import { policy, removeFolder } from '../policy.fixture.ts';
import { policyContestant } from '../simulate/contestants.ts';
import { PolicyServer } from './server.ts';

afterAll(removeFolder);

/** As a stranger's simulator would ask: text goes in, text comes out. */
function asked(steering: ReplicaSteering): ReplicaPolicy {
  const server = new PolicyServer(steering);
  return {
    name: 'asked',
    everyMs: steering.everyMs,
    start: () => {
      server.answer('{"reset":true}');
      return { decide: (seen) => JSON.parse(server.answer(JSON.stringify(seen)) ?? '{}') };
    },
  };
}

it.each([
  ['autoscale', ''],
  ['hpa', 'law: { hpa: { target: 60% } }'],
  ['pid', 'law: { pid: { signal: worker.utilization, setpoint: 60% } }'],
])('%s decides the same over lines of text as inside the simulator', (name, loop) => {
  const steering = readSteering(policy(name, { loop }), {});
  const load = LOAD_CASES.find((each) => each.name === 'flash-crowd')?.make(1);
  if (load === undefined) throw new Error('no such load');
  const short = { ...load, perSecond: load.perSecond.slice(1_100, 1_700) };
  const scenario = { fleet: SWIFT, load: short, telemetry: STREAMED, seed: 5 };
  const inside = runFleet({ ...scenario, policy: policyContestant(steering) });
  const outside = runFleet({ ...scenario, policy: asked(steering) });
  expect(outside.points).toEqual(inside.points);
  expect(inside.score.actions).toBeGreaterThan(3);
});
