import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type pg from 'pg';
import { ActionQueue } from '../act/action-queue.ts';
import { Executor } from '../act/executor.ts';
import { findLostActions } from '../act/sweep.ts';
import type { Config } from '../config.ts';
import { HealthService } from '../health/health.service.ts';
import { Lease } from '../leadership/lease.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { Metrics } from '../platform/metrics.ts';
import { messageOf, Stores } from '../platform/stores.ts';
import { CLOCK, CONFIG, LOGGER, PG_POOL } from '../platform/tokens.ts';
import { Policies } from '../policies/policies.service.ts';
import type { Cycle } from './cycle.ts';
import { keepHouse } from './housekeeping.ts';

export const CYCLE = Symbol('Cycle');

const CYCLES = 'flyball_controller_cycles_total';
const CYCLE_SECONDS = 'flyball_controller_last_cycle_seconds';
const LEADER = 'flyball_controller_leader';
const FENCE = 'flyball_controller_fence';
const HOUSEKEEPING_MS = 600_000;

/** Turns the cycle while this process leads, and keeps trying to lead while it does not. */
@Injectable()
export class Autopilot implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #turn: Promise<void> = Promise.resolve();
  #fence: number | null = null;
  #lastError: string | null = null;
  #housekeptMs = 0;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(Stores) private readonly stores: Stores,
    @Inject(Lease) private readonly lease: Lease,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(CYCLE) private readonly cycle: Cycle,
    @Inject(ActionQueue) private readonly queue: ActionQueue,
    @Inject(Executor) private readonly executor: Executor,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(HealthService) health: HealthService,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    metrics.declare('counter', CYCLES, 'OODA cycles by outcome.');
    metrics.declare('gauge', CYCLE_SECONDS, 'How long the last cycle took.');
    metrics.declare('gauge', LEADER, '1 while this controller holds the lease.');
    metrics.declare('gauge', FENCE, 'Fencing token of the lease this controller holds.');
    health.register({ name: 'cycle', critical: false, check: async () => this.#checkCycle() });
    health.register({
      name: 'policies',
      critical: false,
      check: async () => this.#checkPolicies(),
    });
  }

  onApplicationBootstrap(): void {
    void this.stores.ready.then(() => this.#schedule(0));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#turn;
    await this.queue.stop();
    await this.lease.release().catch((error: unknown) => {
      this.logger.warn(
        { reason: messageOf(error) },
        'the lease was not given back, it will expire',
      );
    });
  }

  #schedule(afterMs: number): void {
    if (this.#stopping) return;
    this.#timer = setTimeout(() => {
      const startedMs = this.clock.nowMs();
      this.#turn = this.#once().finally(() => {
        const tookMs = this.clock.nowMs() - startedMs;
        this.#schedule(Math.max(50, this.config.cycleMs - tookMs));
      });
    }, afterMs);
  }

  /** One turn. Whatever fails, the next one comes. */
  async #once(): Promise<void> {
    const startedMs = this.clock.nowMs();
    try {
      await this.policies.refresh();
      const held = await this.lease.renew();
      await this.#follow(held?.fence ?? null);
      if (held === null) return;
      await this.policies.store();
      await this.cycle.run(
        this.policies.current().map(({ policy }) => policy),
        held.fence,
      );
      await this.#sweep(held.fence);
      this.#lastError = null;
      this.metrics.add(CYCLES, { outcome: 'done' });
    } catch (error) {
      // What was half done in memory is not trusted: the next turn loads what was kept.
      this.cycle.reset();
      this.metrics.add(CYCLES, { outcome: 'failed' });
      const reason = messageOf(error);
      if (reason !== this.#lastError) this.logger.error({ error }, 'cycle failed');
      this.#lastError = reason;
      if (this.lease.current() === null) await this.#follow(null);
    } finally {
      this.metrics.set(CYCLE_SECONDS, (this.clock.nowMs() - startedMs) / 1000);
    }
  }

  /** Takes up or lays down what only a leader does. */
  async #follow(fence: number | null): Promise<void> {
    if (fence === this.#fence) return;
    this.cycle.reset();
    if (fence === null) {
      this.logger.warn('not leading any more: loops and actions rest here');
      await this.queue.stop();
    } else {
      this.logger.info({ fence, holder: this.config.instanceId }, 'leading');
      this.queue.start((id) => this.executor.execute(id));
    }
    this.#fence = fence;
    this.metrics.set(LEADER, fence === null ? 0 : 1);
    this.metrics.set(FENCE, fence ?? 0);
  }

  async #sweep(fence: number): Promise<void> {
    for (const id of await findLostActions(this.pool, fence)) await this.queue.add(id, fence);
    const nowMs = this.clock.nowMs();
    if (nowMs - this.#housekeptMs < HOUSEKEEPING_MS) return;
    this.#housekeptMs = nowMs;
    await keepHouse(this.pool);
  }

  #checkCycle(): void {
    if (this.#lastError !== null) throw new Error(`the last cycle failed: ${this.#lastError}`);
  }

  #checkPolicies(): void {
    const [first] = this.policies.errors();
    if (first === undefined) return;
    const more = this.policies.errors().length - 1;
    const rest = more > 0 ? ` (and ${more} more)` : '';
    throw new Error(`${first.file}: ${first.field} ${first.message}${rest}`);
  }
}
