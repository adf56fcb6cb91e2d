import { Module } from '@nestjs/common';
import { AuditController } from './audit/audit.controller.ts';
import { CriticalPathsController } from './critical-paths/critical-paths.controller.ts';
import { IngestController } from './ingest/ingest.controller.ts';
import { EventsController } from './live/events.controller.ts';
import { MatrixController } from './matrix/matrix.controller.ts';
import { ModeHistoryController } from './modes/mode-history.controller.ts';
import { OpenApiController } from './openapi/openapi.controller.ts';
import { OverviewController } from './overview/overview.controller.ts';
import { TracesController } from './traces/traces.controller.ts';

/** What one can read: figures, telemetry, the audit, live events, the API's own description. */
@Module({
  controllers: [
    AuditController,
    CriticalPathsController,
    EventsController,
    IngestController,
    MatrixController,
    ModeHistoryController,
    OpenApiController,
    OverviewController,
    TracesController,
  ],
})
export class ReadModule {}
