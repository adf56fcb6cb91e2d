import { Module } from '@nestjs/common';
import { AuditController } from './audit/audit.controller.ts';
import { CriticalPathsController } from './critical-paths/critical-paths.controller.ts';
import { EventsController } from './live/events.controller.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { TracesController } from './traces/traces.controller.ts';

/** What one can read: telemetry, the audit, live events, and the API's own description. */
@Module({
  controllers: [
    AuditController,
    CriticalPathsController,
    EventsController,
    OpenApiController,
    TracesController,
  ],
})
export class ReadModule {}
