import type { Policy } from '@flyball/contract';
import { Inject, Injectable } from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../config.ts';
import type { LoopName } from '../decide/words.ts';
import { Lease } from '../leadership/lease.ts';
import type { Clock } from '../platform/clock.ts';
import { CLOCK, CONFIG, PG_POOL } from '../platform/tokens.ts';
import { GuardActuator } from './actuator.guard.ts';
import type { Actuator } from './actuator.port.ts';
import { ProcessesActuator } from './actuator.processes.ts';
import { DesiredState } from './desired-state.ts';
import { GuardReports } from './guard-reports.ts';

export const ACTUATORS = Symbol('Actuators');

/** Finds the actuator a policy names for a loop. */
export interface Actuators {
  for(policy: Policy, loop: LoopName): Actuator;
}

@Injectable()
export class PolicyActuators implements Actuators {
  readonly #desired: DesiredState;
  readonly #reports: GuardReports;

  constructor(
    @Inject(PG_POOL) pool: pg.Pool,
    @Inject(Lease) lease: Lease,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.#desired = new DesiredState(pool, lease);
    this.#reports = new GuardReports(pool);
  }

  for(policy: Policy, loop: LoopName): Actuator {
    const nowMs = () => this.clock.nowMs();
    const { replicas, rate, weights } = policy.loops;
    const { service } = policy;
    switch (loop) {
      case 'replicas': {
        const target = named(replicas, loop).actuator.processes;
        return new ProcessesActuator({
          url: target.url,
          service: target.service ?? service,
          token: this.config.guardToken,
          nowMs,
        });
      }
      case 'rate': {
        const { lifetime, limits } = named(rate, loop);
        return this.#guard({
          service,
          loop,
          lifetimeMs: lifetime,
          initial: limits.max,
          nowMs,
        });
      }
      case 'weights': {
        const { lifetime } = named(weights, loop);
        return this.#guard({ service, loop, lifetimeMs: lifetime, initial: {}, nowMs });
      }
    }
  }

  #guard(target: ConstructorParameters<typeof GuardActuator>[0]): Actuator {
    return new GuardActuator(target, this.#desired, this.#reports);
  }
}

function named<T>(loop: T | undefined, name: string): T {
  if (loop === undefined) throw new Error(`the policy has no loop ${name}`);
  return loop;
}
