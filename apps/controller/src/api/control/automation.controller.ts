import { type Automation, automationRequest } from '@flyball/contract';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import type { z } from 'zod';
import { AutomationSwitch } from '../../approve/automation.service.ts';
import { CurrentUser, Roles } from '../auth/access.ts';
import { actorOf, type Principal } from '../auth/principal.ts';
import { ZodPipe } from '../http/zod.pipe.ts';

type Request = z.output<typeof automationRequest>;

@Controller('api/automation')
@Roles('viewer')
export class AutomationController {
  constructor(@Inject(AutomationSwitch) private readonly automation: AutomationSwitch) {}

  @Post('stop')
  @Roles('operator')
  @HttpCode(200)
  stop(
    @Body(new ZodPipe(automationRequest)) { reason }: Request,
    @CurrentUser() user: Principal,
  ): Promise<Automation> {
    return this.automation.set(true, actorOf(user), reason);
  }

  @Post('resume')
  @Roles('operator')
  @HttpCode(200)
  resume(
    @Body(new ZodPipe(automationRequest)) { reason }: Request,
    @CurrentUser() user: Principal,
  ): Promise<Automation> {
    return this.automation.set(false, actorOf(user), reason);
  }
}
