import type { Knob } from '@flyball/contract';
import { type Actuator, type Change, Refusal, type TargetState } from './actuator.port.ts';

/** A knob in memory that behaves like a real one: versions, fences, idempotency, foreign hands. */
export class FakeActuator implements Actuator {
  version = 1;
  fence = 0;
  /** Every change that was really made. */
  readonly made: Change[] = [];
  away = false;
  #byKey = new Map<string, TargetState>();

  constructor(
    public value: Knob,
    private readonly nowMs: () => number = () => 0,
  ) {}

  async read(): Promise<TargetState> {
    if (this.away) throw new Error('the target is away');
    const count = typeof this.value === 'number' ? this.value : null;
    return {
      version: String(this.version),
      value: this.value,
      inForce: this.value,
      ready: count,
      starting: count === null ? null : 0,
      observedAtMs: this.nowMs(),
    };
  }

  async apply(change: Change, fence: number): Promise<TargetState> {
    if (this.away) throw new Error('the target is away');
    const repeated = this.#byKey.get(change.idempotencyKey);
    if (repeated !== undefined) return repeated;
    if (fence < this.fence) throw new Refusal('stale-fence', `fence ${fence} is out of date`);
    if (change.expectedVersion !== String(this.version)) {
      throw new Refusal('version-moved', `the version is ${this.version}`);
    }
    this.fence = fence;
    this.value = change.value;
    this.version += 1;
    this.made.push(change);
    const state = await this.read();
    this.#byKey.set(change.idempotencyKey, state);
    return state;
  }

  verify(): Promise<TargetState> {
    return this.read();
  }

  /** Somebody else turns the knob. */
  turn(value: Knob): void {
    this.value = value;
    this.version += 1;
  }
}
