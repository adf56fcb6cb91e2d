import { type DynamicModule, Module } from '@nestjs/common';
import { AuthModule } from './api/auth/auth.module.ts';
import { ControlModule } from './api/control/control.module.ts';
import { ReadModule } from './api/read.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import type { Config } from './config.ts';
import { CycleModule } from './cycle/cycle.module.ts';
import { HealthModule } from './health/health.module.ts';
import { LiveModule } from './live/live.module.ts';
import type { Logger } from './platform/logger.ts';
import { platformModule } from './platform/platform.module.ts';

@Module({})
class AppModule {}

export function appModule(config: Config, logger: Logger): DynamicModule {
  return {
    module: AppModule,
    imports: [
      platformModule(config, logger),
      LiveModule,
      AuditModule,
      AuthModule,
      HealthModule,
      CycleModule,
      ControlModule,
      ReadModule,
    ],
  };
}
