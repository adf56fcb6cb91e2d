import { Module } from '@nestjs/common';
import { AutonomyOverrides } from '../../approve/autonomy.service.ts';
import { LoopsReader } from '../../cycle/loops.reader.ts';
import { AutomationController } from './automation.controller.ts';
import { GuardController } from './guard.controller.ts';
import { LoopsController } from './loops.controller.ts';
import { PoliciesController } from './policies.controller.ts';
import { ProposalsController } from './proposals.controller.ts';

/** The part of the API through which people and guards take part in the loop. */
@Module({
  controllers: [
    PoliciesController,
    ProposalsController,
    LoopsController,
    AutomationController,
    GuardController,
  ],
  providers: [AutonomyOverrides, LoopsReader],
})
export class ControlModule {}
