import {
  type ActionList,
  actionQuery,
  decisionRequest,
  type Proposal,
  type ProposalList,
  proposalQuery,
} from '@flyball/contract';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
} from '@nestjs/common';
import type { z } from 'zod';
import { Decisions } from '../../approve/decisions.service.ts';
import { ProposalsReader } from '../../approve/proposals.reader.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK } from '../../platform/tokens.ts';
import { CurrentUser, Roles } from '../auth/access.ts';
import { actorOf, type Principal } from '../auth/principal.ts';
import { ApiException } from '../http/errors.ts';
import { ZodPipe } from '../http/zod.pipe.ts';

type Decision = z.output<typeof decisionRequest>;

@Controller('api')
@Roles('viewer')
export class ProposalsController {
  constructor(
    @Inject(ProposalsReader) private readonly reader: ProposalsReader,
    @Inject(Decisions) private readonly decisions: Decisions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('proposals')
  async list(
    @Query(new ZodPipe(proposalQuery)) query: z.output<typeof proposalQuery>,
  ): Promise<ProposalList> {
    return { proposals: await this.reader.list(query), serverNowMs: this.clock.nowMs() };
  }

  @Get('proposals/:id')
  async get(@Param('id') id: string): Promise<Proposal> {
    const proposal = await this.reader.get(id);
    if (proposal === null) throw new ApiException(404, 'not-found', 'there is no such proposal');
    return proposal;
  }

  @Post('proposals/:id/approve')
  @Roles('operator')
  @HttpCode(200)
  approve(
    @Param('id') id: string,
    @Body(new ZodPipe(decisionRequest)) body: Decision,
    @Headers('idempotency-key') key: string | undefined,
    @CurrentUser() user: Principal,
  ): Promise<Proposal> {
    return this.#vote(id, 'approve', { body, key, user });
  }

  @Post('proposals/:id/reject')
  @Roles('operator')
  @HttpCode(200)
  reject(
    @Param('id') id: string,
    @Body(new ZodPipe(decisionRequest)) body: Decision,
    @Headers('idempotency-key') key: string | undefined,
    @CurrentUser() user: Principal,
  ): Promise<Proposal> {
    return this.#vote(id, 'reject', { body, key, user });
  }

  @Get('actions')
  async actions(
    @Query(new ZodPipe(actionQuery)) query: z.output<typeof actionQuery>,
  ): Promise<ActionList> {
    return { actions: await this.reader.actions(query) };
  }

  #vote(
    proposalId: string,
    verdict: 'approve' | 'reject',
    { body, key, user }: { body: Decision; key: string | undefined; user: Principal },
  ): Promise<Proposal> {
    if (key === undefined || key === '' || key.length > 200) {
      const message = 'send an Idempotency-Key header: any text of your own, new for each decision';
      throw new ApiException(400, 'idempotency-key-missing', message);
    }
    return this.decisions.vote({
      proposalId,
      verdict,
      digest: body.digest,
      comment: body.comment,
      actor: actorOf(user),
      idempotencyKey: key,
    });
  }
}
