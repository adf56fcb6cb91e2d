import {
  formatPolicyError,
  type Need,
  type Overview,
  type ServiceSummary,
} from '@flyball/contract';
import type { ClickHouseClient } from '@flyball/store';
import { Controller, Get, Inject } from '@nestjs/common';
import type pg from 'pg';
import type { Config } from '../../config.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLICKHOUSE, CLOCK, CONFIG, PG_POOL } from '../../platform/tokens.ts';
import { Policies } from '../../policies/policies.service.ts';
import { Roles } from '../auth/access.ts';
import { figuresOf } from '../figures/figures.queries.ts';
import { errorRatioOf, MINUTE_MS, type ServiceFigures } from '../figures/figures.ts';
import { type ModeNow, modesNow } from '../figures/modes-now.ts';
import { questionsOf } from '../figures/questions.ts';
import { qualityOf } from '../ingest/ingest-queries.ts';
import { type BudgetView, budgetOf } from '../matrix/cells.ts';
import {
  inOrder,
  needOfAction,
  needOfHouse,
  needOfProposal,
  needsOfQuality,
  needsOfService,
} from './needs.ts';
import {
  automationState,
  failedActions,
  ingestFigures,
  pendingProposals,
} from './overview-queries.ts';

/** Telemetry older than this is worth a word. */
const SILENT_MS = 60_000;

/** What needs somebody now, and how each service is. */
@Controller('api/overview')
@Roles('viewer')
export class OverviewController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouseClient,
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  async overview(): Promise<Overview> {
    const nowMs = this.clock.nowMs();
    const policies = this.policies.current().map(({ policy }) => policy);
    const lastMinute = { fromMs: nowMs - MINUTE_MS, toMs: nowMs };
    const [figures, modes, pending, failed, automation, ingest, quality] = await Promise.all([
      figuresOf(this.clickhouse, questionsOf(policies), nowMs),
      modesNow(this.clickhouse, nowMs),
      pendingProposals(this.pool),
      failedActions(this.pool),
      automationState(this.pool),
      ingestFigures(this.clickhouse, nowMs),
      qualityOf(this.clickhouse, lastMinute),
    ]);
    const needs: Need[] = [...pending.map(needOfProposal), ...failed.map(needOfAction)];
    const services = figures.services.map((service) => {
      const policy = policies.find((one) => one.service === service.service) ?? null;
      const mode = modes.get(service.service) ?? null;
      const budget = budgetOf(service, policy?.objectives ?? null);
      needs.push(...needsOfService(service, mode, budget, nowMs));
      const waiting = pending.filter((one) => one.service === service.service).length;
      return {
        ...summaryOf(service, mode, budget),
        managed: policy !== null,
        pendingProposals: waiting,
      };
    });
    needs.push(...needsOfQuality(quality, nowMs));
    needs.push(...this.#house(figures.newestMs, nowMs, ingest.decidedAlone));
    return {
      generatedAtMs: nowMs,
      evidenceAgeMs: figures.newestMs === null ? null : Math.max(0, nowMs - figures.newestMs),
      automation,
      services,
      needs: inOrder(needs),
      ingest: {
        spansPerSecond: ingest.spansPerSecond,
        keptTracesPerSecond: ingest.keptTracesPerSecond,
        lastSpanAtMs: figures.newestMs,
      },
      endpoints: { otlpHttp: this.config.collectorUrl, otlpGrpc: this.config.otlpGrpcUrl },
    };
  }

  #house(newestMs: number | null, nowMs: number, decidedAlone: number): Need[] {
    const overload =
      decidedAlone === 0
        ? []
        : [
            needOfHouse(
              'overload',
              'The collector is overloaded',
              `${decidedAlone} spans of the last minute were decided without their traces: ` +
                'edges and critical paths lack them. Send less, or add a collector.',
              nowMs,
            ),
          ];
    const refused = this.policies
      .errors()
      .map((error, index) =>
        needOfHouse(`policy:${index}`, 'A policy file is refused', formatPolicyError(error), nowMs),
      );
    if (newestMs === null || nowMs - newestMs < SILENT_MS) return [...overload, ...refused];
    const minutes = Math.round((nowMs - newestMs) / 60_000);
    const detail = `The newest span was measured ${minutes} min ago: the loops hold.`;
    return [
      ...overload,
      ...refused,
      needOfHouse('ingest', 'No telemetry arrives', detail, newestMs),
    ];
  }
}

function summaryOf(figures: ServiceFigures, mode: ModeNow | null, budget: BudgetView | null) {
  const { now } = figures;
  return {
    service: figures.service,
    mode: mode?.mode ?? null,
    modeSinceMs: mode?.sinceMs ?? null,
    cause: mode?.cause ?? null,
    dimensions: dimensionsOf(mode),
    p99Ms: now?.p99Ms ?? null,
    requestsPerSecond: now === null ? null : now.count / 60,
    errorRatio: errorRatioOf(now),
    budgetRemainingRatio: budget?.remainingRatio ?? null,
    instances: now === null ? null : figures.instances,
    traffic: figures.minutes.map((minute) => (minute === null ? null : minute.count / 60)),
  };
}

function dimensionsOf(mode: ModeNow | null): ServiceSummary['dimensions'] {
  if (mode?.dimension == null) return {};
  return { [mode.dimension]: { mode: mode.mode, cause: mode.cause } };
}
