import {
  autonomyRequest,
  type Loop,
  type LoopList,
  type LoopSamples,
  timeRange,
} from '@flyball/contract';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { AutonomyOverrides } from '../../approve/autonomy.service.ts';
import { LoopsReader } from '../../cycle/loops.reader.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK } from '../../platform/tokens.ts';
import { CurrentUser, Roles } from '../auth/access.ts';
import { actorOf, type Principal } from '../auth/principal.ts';
import { ApiException } from '../http/errors.ts';
import { rangeOf } from '../http/time-range.ts';
import { ZodPipe } from '../http/zod.pipe.ts';

@Controller('api/loops')
@Roles('viewer')
export class LoopsController {
  constructor(
    @Inject(LoopsReader) private readonly reader: LoopsReader,
    @Inject(AutonomyOverrides) private readonly overrides: AutonomyOverrides,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  async list(): Promise<LoopList> {
    return { loops: await this.reader.list(this.clock.nowMs()) };
  }

  @Get(':service/:name')
  get(@Param('service') service: string, @Param('name') name: string): Promise<Loop> {
    return this.#find(service, name);
  }

  @Get(':service/:name/samples')
  async samples(
    @Param('service') service: string,
    @Param('name') name: string,
    @Query(new ZodPipe(timeRange)) query: z.output<typeof timeRange>,
  ): Promise<LoopSamples> {
    const { id } = await this.#find(service, name);
    const range = rangeOf(query, this.clock.nowMs());
    return { loopId: id, ...range, samples: await this.reader.samples({ service, name }, range) };
  }

  @Post(':service/:name/autonomy')
  @Roles('operator')
  @HttpCode(200)
  async autonomy(
    @Param('service') service: string,
    @Param('name') name: string,
    @Body(new ZodPipe(autonomyRequest)) body: z.output<typeof autonomyRequest>,
    @CurrentUser() user: Principal,
  ): Promise<Loop> {
    const loop = await this.#find(service, name);
    await this.overrides.set(loop.id, body.autonomy, actorOf(user), body.reason);
    // The cycle takes it up within seconds; the answer shows it already.
    return { ...loop, autonomy: body.autonomy };
  }

  async #find(service: string, name: string): Promise<Loop> {
    const loops = await this.reader.list(this.clock.nowMs());
    const loop = loops.find((one) => one.service === service && one.name === name);
    if (loop === undefined) {
      throw new ApiException(
        404,
        'not-found',
        `no policy in force has the loop ${service}/${name}`,
      );
    }
    return loop;
  }
}
