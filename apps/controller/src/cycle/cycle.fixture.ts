import { type Policy, parsePolicy } from '@flyball/contract';
import { trace } from '@opentelemetry/api';
import { pino } from 'pino';
import { FakeActuator } from '../act/actuator.fake.ts';
import type { Actuator } from '../act/actuator.port.ts';
import type { GuardWord } from '../act/guard-reports.ts';
import { FakeDesk } from '../approve/desk.fake.ts';
import { LiveEvents } from '../live/live-events.ts';
import { FakeSamplingBoosts } from '../modes/sampling-boosts.fake.ts';
import { FakeObserver } from '../observe/observer.fake.ts';
import { FakeClock } from '../platform/clock.fake.ts';
import { FakeRecorder } from '../record/recorder.fake.ts';
import { Cycle } from './cycle.ts';
import { FakeMemory } from './memory.fake.ts';

/** A policy for tests: short times, everything else as the policy's defaults have it. */
export function policyOf(spec: string): Policy {
  const text = `apiVersion: flyball/v1\nkind: Policy\nmetadata: { name: checkout }\nspec:\n${spec}`;
  const result = parsePolicy({ file: 'test.yaml', text });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('; '));
  return result.policy;
}

export const REPLICAS = `
  service: checkout
  loops:
    replicas:
      law: { pid: { signal: worker.utilization, setpoint: 60% } }
      hysteresis: { up: 75%, down: 40% }
      every: 5s
      cooldown: { up: 10s, down: 30s }
      limits: { min: 2, max: 10, stepDown: 50% }
      actuator: { processes: { url: "http://127.0.0.1:1" } }
      autonomy: ask
  modes: { enterAfter: 2s, exitAfter: 2s, recovery: { stableFor: 10s } }
  guards: { evidenceMaxAge: 30s }
  approvals: { verifyAfter: 20s }
`;

/** A whole cycle on fakes, with its world at hand. */
export class World {
  readonly clock = new FakeClock();
  readonly observer = new FakeObserver();
  readonly desk = new FakeDesk();
  readonly recorder = new FakeRecorder();
  readonly boosts = new FakeSamplingBoosts();
  readonly live = new LiveEvents();
  readonly actuators = new Map<string, FakeActuator>();
  readonly words: GuardWord[] = [];
  fence = 1;
  cycle: Cycle;

  constructor(
    readonly policy: Policy,
    readonly memory = new FakeMemory(),
  ) {
    this.actuators.set('replicas', new FakeActuator(2, () => this.clock.nowMs()));
    this.cycle = this.restart();
  }

  /** Another controller on the same stores. */
  restart(): Cycle {
    this.cycle = new Cycle({
      observer: this.observer,
      actuators: { for: (_policy, loop) => this.#actuator(loop) },
      guards: { all: async () => Map.groupBy(this.words, ({ report }) => report.service) },
      desired: { all: async () => new Map() },
      desk: this.desk,
      memory: this.memory,
      boosts: this.boosts,
      recorder: this.recorder,
      live: this.live,
      clock: this.clock,
      tracer: trace.getTracer('test'),
      logger: pino({ level: 'silent' }),
      actor: 'controller:test',
      cycleMs: 1_000,
    });
    return this.cycle;
  }

  get replicas(): FakeActuator {
    return this.#actuator('replicas');
  }

  /** Runs one cycle after some time, under the given load. */
  async turn(afterMs: number, figures: Parameters<FakeObserver['show']>[2]): Promise<void> {
    const nowMs = this.clock.advance(afterMs);
    this.observer.show(this.policy.service, nowMs, figures);
    await this.cycle.run([this.policy], this.fence);
  }

  /** The last row of the loop's samples. */
  lastSample(loop = 'replicas'): Readonly<Record<string, unknown>> {
    const rows = this.recorder.of('flyball_loop_samples').filter((row) => row.loop === loop);
    const last = rows.at(-1);
    if (last === undefined) throw new Error(`no sample of ${loop} yet`);
    return last;
  }

  /** What the executor does with an approved proposal. */
  async carryOut(): Promise<void> {
    const pending = this.desk.pending.get('checkout/replicas');
    const last = pending?.content ?? this.desk.proposed.at(-1)?.content;
    if (last === undefined) throw new Error('nothing was proposed');
    const change = {
      value: last.after,
      expectedVersion: last.preconditions.targetVersion,
      idempotencyKey: last.id,
      by: 'test',
    };
    const state = await this.replicas.apply(change, this.fence);
    this.desk.finish(last, state.version, this.clock.nowMs());
  }

  #actuator(loop: string): FakeActuator {
    const actuator = this.actuators.get(loop);
    if (actuator === undefined) throw new Error(`the test has no actuator for ${loop}`);
    return actuator satisfies Actuator;
  }
}
