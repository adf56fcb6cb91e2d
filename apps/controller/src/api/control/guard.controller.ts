import { type GuardReport, type GuardTargets, guardReport } from '@flyball/contract';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import type pg from 'pg';
import { DesiredState } from '../../act/desired-state.ts';
import { GuardReports, liveGuards } from '../../act/guard-reports.ts';
import { guardTargetsFor } from '../../act/guard-targets.ts';
import { steeredAgo } from '../../act/steering.ts';
import { LOOP_NAMES, loopId } from '../../decide/words.ts';
import { Lease } from '../../leadership/lease.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK, PG_POOL } from '../../platform/tokens.ts';
import { Policies } from '../../policies/policies.service.ts';
import { GuardToken } from '../auth/access.ts';
import { ZodPipe } from '../http/zod.pipe.ts';

/** Guards report and fetch in one call. Any controller answers, leader or not. */
@Controller('api/guard')
@GuardToken()
export class GuardController {
  readonly #reports: GuardReports;
  readonly #desired: DesiredState;

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(Lease) lease: Lease,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.#reports = new GuardReports(pool);
    this.#desired = new DesiredState(pool, lease);
  }

  @Post('sync')
  @HttpCode(200)
  async sync(@Body(new ZodPipe(guardReport)) report: GuardReport): Promise<GuardTargets> {
    await this.#reports.hear(report);
    const { service } = report;
    const [desired, words, steered] = await Promise.all([
      this.#desired.ofService(service),
      this.#reports.ofService(service),
      steeredAgo(
        this.pool,
        LOOP_NAMES.map((loop) => loopId(service, loop)),
      ),
    ]);
    const nowMs = this.clock.nowMs();
    const loaded = this.policies.current().find(({ policy }) => policy.service === service);
    return guardTargetsFor({
      policy: loaded?.policy ?? null,
      desired,
      steeredAgoMs: new Map(
        LOOP_NAMES.flatMap((loop) => {
          const agoMs = steered.get(loopId(service, loop));
          return agoMs === undefined ? [] : [[loop, agoMs]];
        }),
      ),
      guards: liveGuards(words, nowMs).length,
      nowMs,
    });
  }
}
