import type { Matrix, MatrixRow, Policy, Verdict } from '@flyball/contract';
import { errorOrigin } from '@flyball/control';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject } from '@nestjs/common';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK } from '../../platform/tokens.ts';
import { Policies } from '../../policies/policies.service.ts';
import { Roles } from '../auth/access.ts';
import { figuresOf } from '../figures/figures.queries.ts';
import { type Figures, MINUTE_MS, type ServiceFigures } from '../figures/figures.ts';
import { type ModeNow, modesNow } from '../figures/modes-now.ts';
import { questionsOf } from '../figures/questions.ts';
import {
  budgetCell,
  budgetOf,
  dependenciesCell,
  errorsCell,
  latencyCell,
  modeCell,
  saturationCell,
  trafficCell,
} from './cells.ts';
import { loopCell } from './loop-cell.ts';

/** Every service by every aspect, worst first. */
@Controller('api/matrix')
@Roles('viewer')
export class MatrixController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  async matrix(): Promise<Matrix> {
    const nowMs = this.clock.nowMs();
    const policies = this.policies.current().map(({ policy }) => policy);
    const [figures, modes] = await Promise.all([
      figuresOf(this.clickhouse, questionsOf(policies), nowMs),
      modesNow(this.clickhouse, nowMs),
    ]);
    const rows = figures.services.map((service) => {
      const policy = policies.find((one) => one.service === service.service) ?? null;
      const mode = modes.get(service.service) ?? null;
      return rowOf(service, { figures, policy, mode, nowMs });
    });
    const { fromMs, toMs } = figures;
    return { generatedAtMs: nowMs, fromMs, toMs, stepMs: MINUTE_MS, rows: rows.sort(worstFirst) };
  }
}

interface Context {
  readonly figures: Figures;
  readonly policy: Policy | null;
  readonly mode: ModeNow | null;
  readonly nowMs: number;
}

function rowOf(service: ServiceFigures, { figures, policy, mode, nowMs }: Context): MatrixRow {
  const objectives = policy?.objectives ?? null;
  const calls = figures.services.flatMap((caller) =>
    caller.dependencies.map((call) => ({ caller: caller.service, ...call })),
  );
  const { service: origin } = errorOrigin(service.service, calls);
  return {
    service: service.service,
    mode: mode?.mode ?? null,
    timeToExhaustionMs: budgetOf(service, objectives)?.timeToExhaustionMs ?? null,
    cells: {
      latency: latencyCell(service, objectives),
      traffic: trafficCell(service),
      errors: errorsCell(service, objectives, origin),
      saturation: saturationCell(service, policy),
      dependencies: dependenciesCell(service, origin === service.service ? null : origin),
      budget: budgetCell(service, objectives),
      mode: modeCell(service, mode),
      loop: loopCell(service, nowMs),
    },
  };
}

const WEIGHT: Readonly<Record<Verdict, number>> = { bad: 100, warn: 10, unknown: 1, ok: 0 };

function trouble(row: MatrixRow): number {
  return Object.values(row.cells).reduce((sum, cell) => sum + WEIGHT[cell.verdict], 0);
}

/** First what runs out of budget soonest, then what has most trouble, then by name. */
function worstFirst(a: MatrixRow, b: MatrixRow): number {
  const time = (row: MatrixRow) => row.timeToExhaustionMs ?? Number.POSITIVE_INFINITY;
  if (time(a) !== time(b)) return time(a) - time(b);
  return trouble(b) - trouble(a) || (a.service < b.service ? -1 : 1);
}
