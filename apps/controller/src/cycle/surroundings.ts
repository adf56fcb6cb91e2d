import type { Policy } from '@flyball/contract';
import type { TargetState } from '../act/actuator.port.ts';
import type { Actuators } from '../act/actuators.ts';
import type { Desired, DesiredTargets } from '../act/desired-state.ts';
import { type GuardWord, type GuardWords, guardVersion, liveGuards } from '../act/guard-reports.ts';
import { LOOP_NAMES, type LoopName } from '../decide/words.ts';
import { messageOf } from '../platform/stores.ts';
import type { Surroundings } from './service-state.ts';

/** Reads targets and guards of all services. A target that is away is a fact, not a failure. */
export async function readSurroundings(
  policies: readonly Policy[],
  sources: { actuators: Actuators; guards: GuardWords; desired: DesiredTargets },
  nowMs: number,
): Promise<Map<string, Surroundings>> {
  const [words, desired] = await Promise.all([sources.guards.all(), sources.desired.all()]);
  const entries = policies.map(async (policy): Promise<[string, Surroundings]> => {
    const own = words.get(policy.service) ?? [];
    return [
      policy.service,
      {
        words: own,
        targets: await readTargets(policy, sources.actuators),
        propagatingSinceMs: propagatingSince(desired.get(policy.service) ?? [], own, nowMs),
      },
    ];
  });
  return new Map(await Promise.all(entries));
}

async function readTargets(
  policy: Policy,
  actuators: Actuators,
): Promise<Map<LoopName, TargetState | { away: string }>> {
  const loops = LOOP_NAMES.filter((loop) => policy.loops[loop] !== undefined);
  const states = loops.map(async (loop): Promise<[LoopName, TargetState | { away: string }]> => {
    try {
      return [loop, await actuators.for(policy, loop).read()];
    } catch (error) {
      return [loop, { away: messageOf(error) }];
    }
  });
  return new Map(await Promise.all(states));
}

function propagatingSince(
  desired: readonly Desired[],
  words: readonly GuardWord[],
  nowMs: number,
): number | null {
  if (desired.length === 0) return null;
  const version = guardVersion(desired.map((row) => row.version));
  const behind = liveGuards(words, nowMs).some(
    ({ report }) => (report.appliedVersion ?? -1) < version,
  );
  return behind ? Math.max(...desired.map(({ setAtMs }) => setAtMs)) : null;
}
