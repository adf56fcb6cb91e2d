import { setTimeout as sleep } from 'node:timers/promises';
import type { Knob } from '@flyball/contract';
import type { Actuator, Change, TargetState } from './actuator.port.ts';
import type { DesiredState } from './desired-state.ts';
import {
  GUARD_POLL_MS,
  type GuardReports,
  type GuardWord,
  guardVersion,
  liveGuards,
} from './guard-reports.ts';

export interface GuardTarget {
  readonly service: string;
  readonly loop: 'rate' | 'weights';
  readonly lifetimeMs: number;
  /** What is in force while nothing was ever published. */
  readonly initial: Knob;
  nowMs(): number;
}

/** Guards poll: a change has taken hold when all live ones report its version. */
const CONFIRM_MS = 8 * GUARD_POLL_MS;

/** A target published to the guards of a service, who fetch it and say what they apply. */
export class GuardActuator implements Actuator {
  constructor(
    private readonly target: GuardTarget,
    private readonly desired: DesiredState,
    private readonly reports: GuardReports,
  ) {}

  async read(): Promise<TargetState> {
    const { service, loop, initial } = this.target;
    const [desired, words] = await Promise.all([
      this.desired.read(service, loop),
      this.reports.ofService(service),
    ]);
    const value = desired?.value ?? initial;
    const live = liveGuards(words, this.target.nowMs());
    if (live.length === 0) throw new Error(`no guard of ${service} is connected`);
    return {
      version: String(desired?.version ?? 0),
      value,
      inForce: inForce(loop, live, value),
      ready: null,
      starting: null,
      observedAtMs: Math.max(...live.map(({ receivedAtMs }) => receivedAtMs)),
    };
  }

  async apply(change: Change, fence: number): Promise<TargetState> {
    const { service, loop, lifetimeMs } = this.target;
    await this.desired.write(service, loop, change, { fence, lifetimeMs });
    return this.read();
  }

  async verify(applied: TargetState): Promise<TargetState> {
    const deadlineMs = this.target.nowMs() + CONFIRM_MS;
    for (;;) {
      const { heard, live } = await this.#heard();
      if (live > 0 && heard) return this.read();
      if (this.target.nowMs() >= deadlineMs) {
        const who = live === 0 ? 'no guard is connected' : 'not every guard has taken it over';
        throw new Error(`version ${applied.version} is published, but ${who}`);
      }
      await sleep(GUARD_POLL_MS / 4);
    }
  }

  /** Whether every live guard applies what is published now. */
  async #heard(): Promise<{ heard: boolean; live: number }> {
    const { service } = this.target;
    const [desired, words] = await Promise.all([
      this.desired.ofService(service),
      this.reports.ofService(service),
    ]);
    const version = guardVersion([...desired.values()].map((row) => row.version));
    const live = liveGuards(words, this.target.nowMs());
    const heard = live.every(({ report }) => (report.appliedVersion ?? -1) >= version);
    return { heard, live: live.length };
  }
}

function inForce(loop: 'rate' | 'weights', live: readonly GuardWord[], value: Knob): Knob {
  if (loop === 'weights') return live[0]?.report.applied.weights ?? value;
  let total = 0;
  for (const { report } of live) {
    // Without a limit the target's own ceiling is as good a figure as any.
    if (report.applied.ratePerSecond === null) return value;
    total += report.applied.ratePerSecond;
  }
  return total;
}
