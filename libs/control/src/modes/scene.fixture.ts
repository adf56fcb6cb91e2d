import type { Evidence } from '../evidence/evidence.ts';
import { observe } from '../evidence/life.ts';
import { modeMachine } from './machine.ts';
import type { Backpressure, ModeConfigInput, ModeInputs, ModeReport, ModeState } from './mode.ts';

/** For tests: a fact about a service, fresh at `atMs`. */
export function seen<T extends number | boolean | Backpressure>(
  signal: string,
  value: T,
  atMs: number,
): Evidence<T> {
  return observe<T>({
    id: `${signal}@${atMs}`,
    scope: { service: 'checkout' },
    signal,
    value,
    unit: '1',
    observedAtMs: atMs,
    lifetimeMs: 60_000,
    binding: { source: 'test' },
  });
}

/** For tests: everything observed, everything as Target wants it. */
export function calm(atMs: number): ModeInputs {
  return {
    discovery: {
      evidenceAgeMs: seen('discovery.age', 1_000, atMs),
      instancesLost: seen('discovery.lost', 0, atMs),
    },
    config: { versionsInForce: seen('config.versions', 1, atMs) },
    resilience: {
      openBreakers: seen('breakers.open', 0, atMs),
      burnPage: seen('slo.page', false, atMs),
      failureRatio: seen('errors.ratio', 0, atMs),
      backpressure: seen('backpressure', 'ok', atMs),
    },
    load: {
      imbalance: seen('load.imbalance', 1, atMs),
      oneInstanceLeft: seen('load.one-left', false, atMs),
    },
  };
}

/** For tests: a machine that is stepped every `everyMs` and remembers its reports. */
export class Scene {
  nowMs = 1_000_000;
  state: ModeState;
  readonly everyMs: number;
  readonly reports: ModeReport[] = [];

  constructor(config: ModeConfigInput = {}, everyMs = 10_000) {
    this.everyMs = everyMs;
    this.state = modeMachine.init(config);
  }

  /** Steps until `forMs` have passed; the inputs are made anew for every step. */
  run(forMs: number, inputs: (atMs: number) => ModeInputs): ModeReport {
    const endMs = this.nowMs + forMs;
    do {
      this.nowMs += this.everyMs;
      const step = modeMachine.step(this.state, { nowMs: this.nowMs, inputs: inputs(this.nowMs) });
      this.state = step.state;
      this.reports.push(step.output);
    } while (this.nowMs < endMs);
    return this.last;
  }

  get last(): ModeReport {
    const report = this.reports.at(-1);
    if (report === undefined) {
      throw new Error('run the scene first');
    }
    return report;
  }

  /** The service's modes in the order it went through them, the first included. */
  get path(): readonly string[] {
    return ['target', ...this.reports.flatMap((report) => report.transition?.to ?? [])];
  }
}
