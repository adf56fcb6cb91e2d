import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/stores.ts';
import { CLOCK } from '../platform/tokens.ts';

export interface HealthCheck {
  readonly name: string;
  /** A failing critical check makes the process unhealthy, another one only degraded. */
  readonly critical: boolean;
  /** Resolves when well; rejects with the cause. */
  check(): Promise<void>;
}

export interface CheckResult {
  readonly name: string;
  readonly critical: boolean;
  readonly status: 'pass' | 'fail';
  readonly tookMs: number;
  readonly error: string | null;
}

export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly checks: readonly CheckResult[];
}

const TIMEOUT_MS = 5_000;

/** Checks others register, judged per the mission: only critical ones take the process out. */
@Injectable()
export class HealthService {
  readonly #checks: HealthCheck[] = [];

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  register(check: HealthCheck): void {
    this.#checks.push(check);
  }

  async report(): Promise<HealthReport> {
    const checks = await Promise.all(this.#checks.map((check) => this.#run(check)));
    const failed = checks.filter((check) => check.status === 'fail');
    if (failed.some((check) => check.critical)) return { status: 'unhealthy', checks };
    return { status: failed.length > 0 ? 'degraded' : 'healthy', checks };
  }

  async #run({ name, critical, check }: HealthCheck): Promise<CheckResult> {
    const startedMs = this.clock.nowMs();
    const timer = new AbortController();
    try {
      const late = sleep(TIMEOUT_MS, undefined, { signal: timer.signal, ref: false }).then(() => {
        throw new Error(`no answer within ${TIMEOUT_MS} ms`);
      });
      // Aborting rejects the timer: nobody waits for it any more.
      late.catch(() => {});
      await Promise.race([check(), late]);
      const tookMs = this.clock.nowMs() - startedMs;
      return { name, critical, status: 'pass', tookMs, error: null };
    } catch (error) {
      const tookMs = this.clock.nowMs() - startedMs;
      return { name, critical, status: 'fail', tookMs, error: messageOf(error) };
    } finally {
      timer.abort();
    }
  }
}
