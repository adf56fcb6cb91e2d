import type { ModeReport, ModeState, Playbook } from '@flyball/control';
import type { TargetState } from '../act/actuator.port.ts';
import type { GuardWord } from '../act/guard-reports.ts';
import { type LoopMemory, NO_MEMORY } from '../decide/loop.ts';
import type { LoopName } from '../decide/words.ts';
import { NO_TRAFFIC, type TrafficMemory } from '../orient/guard-facts.ts';
import type { Tick } from './loop-view.ts';
import type { ModeView } from './memory.port.ts';

/** What the cycle keeps of a loop. Mutable, owned by the cycle alone. */
export interface LoopState {
  memory: LoopMemory;
  tick: Tick | null;
  /** Ticks in a row in which the loop wanted nothing. */
  quietTicks: number;
  /** Ticks in a row in which it wanted another value than the one that waits for approval. */
  divergentTicks: number;
  /** When a cycle last ran in which it might act; the lifetime of its target counts from here. */
  steeredAtMs: number | null;
  /** Ends of actions up to here are in `memory` already, except for its history. */
  heardUntilMs: number;
}

/** What the cycle keeps of a service. Mutable, owned by the cycle alone. */
export interface ServiceState {
  machine: ModeState | null;
  modeView: ModeView | null;
  report: ModeReport | null;
  playbook: Playbook;
  traffic: TrafficMemory;
  registryAwaySinceMs: number | null;
  /** The last change that was applied to it. */
  applied: { readonly loopId: string; readonly atMs: number } | null;
  readonly loops: Map<LoopName, LoopState>;
}

function newServiceState(): ServiceState {
  return {
    machine: null,
    modeView: null,
    report: null,
    playbook: {},
    traffic: NO_TRAFFIC,
    registryAwaySinceMs: null,
    applied: null,
    loops: new Map(),
  };
}

/** What is read beside the telemetry, for one service. */
export interface Surroundings {
  readonly words: readonly GuardWord[];
  /** By loop: the target's state, or why it cannot be read. */
  readonly targets: ReadonlyMap<LoopName, TargetState | { readonly away: string }>;
  /** When the newest target was published that not every guard applies; null: all do. */
  readonly propagatingSinceMs: number | null;
}

/** All state that changes from tick to tick. The cycle owns it; nobody else writes to it. */
export class ControlState {
  readonly #services = new Map<string, ServiceState>();

  clear(): void {
    this.#services.clear();
  }

  service(name: string): ServiceState {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const state = newServiceState();
    this.#services.set(name, state);
    return state;
  }

  loop(service: string, loop: LoopName): LoopState {
    const { loops } = this.service(service);
    const known = loops.get(loop);
    if (known !== undefined) return known;
    const state: LoopState = {
      memory: NO_MEMORY,
      tick: null,
      quietTicks: 0,
      divergentTicks: 0,
      steeredAtMs: null,
      heardUntilMs: 0,
    };
    loops.set(loop, state);
    return state;
  }
}
