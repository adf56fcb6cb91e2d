import type { ClickHouseClient } from '@flyball/store';
import { Global, Module } from '@nestjs/common';
import type { Tracer } from '@opentelemetry/api';
import type pg from 'pg';
import { ActionQueue } from '../act/action-queue.ts';
import { ACTUATORS, type Actuators, PolicyActuators } from '../act/actuators.ts';
import { DesiredState } from '../act/desired-state.ts';
import { Executor } from '../act/executor.ts';
import { GuardReports } from '../act/guard-reports.ts';
import { AutomationSwitch } from '../approve/automation.service.ts';
import { Decisions } from '../approve/decisions.service.ts';
import type { Desk } from '../approve/desk.port.ts';
import { DESK } from '../approve/desk.port.ts';
import { PostgresDesk } from '../approve/desk.postgres.ts';
import { ProposalsReader } from '../approve/proposals.reader.ts';
import type { Config } from '../config.ts';
import { Lease } from '../leadership/lease.ts';
import { LiveEvents } from '../live/live-events.ts';
import { HttpSamplingBoosts } from '../modes/sampling-boosts.http.ts';
import { ClickHouseObserver } from '../observe/observer.clickhouse.ts';
import { OBSERVER, type Observer } from '../observe/observer.port.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { CLICKHOUSE, CLOCK, CONFIG, LOGGER, PG_POOL, TRACER } from '../platform/tokens.ts';
import { Policies } from '../policies/policies.service.ts';
import { Recorder } from '../record/recorder.ts';
import { Autopilot, CYCLE } from './autopilot.ts';
import { Cycle } from './cycle.ts';
import { PostgresMemory } from './memory.postgres.ts';

const CYCLE_DEPENDENCIES = [
  OBSERVER,
  ACTUATORS,
  DESK,
  Recorder,
  LiveEvents,
  PG_POOL,
  Lease,
  CONFIG,
  CLOCK,
  TRACER,
  LOGGER,
];

/** Puts the real ports behind the cycle. The fakes stand beside them, for tests. */
function createCycle(
  observer: Observer,
  actuators: Actuators,
  desk: Desk,
  recorder: Recorder,
  live: LiveEvents,
  pool: pg.Pool,
  lease: Lease,
  config: Config,
  clock: Clock,
  tracer: Tracer,
  logger: Logger,
): Cycle {
  return new Cycle({
    observer,
    actuators,
    guards: new GuardReports(pool),
    desired: new DesiredState(pool, lease),
    desk,
    memory: new PostgresMemory(pool),
    boosts: new HttpSamplingBoosts(
      {
        collectorUrl: config.collectorUrl,
        token: config.guardToken,
        nowMs: () => clock.nowMs(),
      },
      logger,
    ),
    recorder,
    live,
    clock,
    tracer,
    logger,
    actor: `controller:${config.instanceId}`,
    cycleMs: config.cycleMs,
  });
}

@Global()
@Module({
  providers: [
    Policies,
    Lease,
    Recorder,
    AutomationSwitch,
    ActionQueue,
    Executor,
    Decisions,
    ProposalsReader,
    Autopilot,
    { provide: ACTUATORS, useClass: PolicyActuators },
    { provide: DESK, useClass: PostgresDesk },
    {
      provide: OBSERVER,
      inject: [CLICKHOUSE, TRACER],
      useFactory: (clickhouse: ClickHouseClient, tracer: Tracer) =>
        new ClickHouseObserver(clickhouse, tracer),
    },
    { provide: CYCLE, inject: CYCLE_DEPENDENCIES, useFactory: createCycle },
  ],
  exports: [Policies, Lease, AutomationSwitch, Decisions, ProposalsReader],
})
export class CycleModule {}
