import type { Need, ServiceQuality } from '@flyball/contract';
import { requestsAreSound } from '../../orient/signals.ts';
import type { ServiceFigures } from '../figures/figures.ts';
import type { ModeNow } from '../figures/modes-now.ts';
import { type BudgetView, percent } from '../matrix/cells.ts';
import { isHeld } from '../matrix/loop-cell.ts';

const RANK: Readonly<Record<Need['severity'], number>> = { page: 0, warn: 1, info: 2 };
const DAY_MS = 24 * 3_600_000;

export interface PendingProposal {
  readonly id: string;
  readonly service: string;
  readonly title: string;
  readonly why: string;
  readonly createdAtMs: number;
}

export interface FailedAction {
  readonly id: string;
  readonly service: string;
  readonly loopId: string;
  readonly error: string;
  readonly finishedAtMs: number;
}

/** Most urgent first, then what waits longest. */
export function inOrder(needs: readonly Need[]): Need[] {
  return needs.toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || a.sinceMs - b.sinceMs);
}

export function needOfProposal(proposal: PendingProposal): Need {
  return {
    id: `proposal:${proposal.id}`,
    kind: 'proposal',
    severity: 'page',
    service: proposal.service,
    title: proposal.title,
    detail: proposal.why,
    href: `/actions?proposal=${encodeURIComponent(proposal.id)}`,
    sinceMs: proposal.createdAtMs,
  };
}

export function needOfAction(action: FailedAction): Need {
  return {
    id: `action:${action.id}`,
    kind: 'action',
    severity: 'warn',
    service: action.service,
    title: `An action of ${action.loopId} failed`,
    detail: action.error,
    href: '/actions',
    sinceMs: action.finishedAtMs,
  };
}

/** A mode other than Target, a budget that runs out, a loop that is held. */
export function needsOfService(
  figures: ServiceFigures,
  mode: ModeNow | null,
  budget: BudgetView | null,
  nowMs: number,
): Need[] {
  const { service } = figures;
  const needs: Need[] = [];
  if (mode !== null && mode.mode !== 'target') {
    needs.push({
      id: `mode:${service}`,
      kind: 'mode',
      severity: mode.mode === 'recovery' ? 'info' : mode.mode === 'floor' ? 'page' : 'warn',
      service,
      title: `${service} is in ${mode.mode[0]?.toUpperCase()}${mode.mode.slice(1)}`,
      detail: mode.cause ?? 'the cause is not recorded',
      href: `/modes?service=${encodeURIComponent(service)}`,
      sinceMs: mode.sinceMs ?? nowMs,
    });
  }
  if (budget !== null && (budget.timeToExhaustionMs ?? Number.POSITIVE_INFINITY) < DAY_MS) {
    const gone = budget.remainingRatio <= 0;
    needs.push({
      id: `budget:${service}`,
      kind: 'budget',
      severity: 'warn',
      service,
      title: gone ? `${service} has used up its error budget` : `${service} burns its error budget`,
      detail: gone
        ? `${percent(-budget.remainingRatio)} over`
        : `${percent(budget.remainingRatio)} left, gone within a day at this rate`,
      href: '/matrix',
      sinceMs: nowMs,
    });
  }
  for (const loop of figures.loops.filter(({ reason }) => isHeld(reason))) {
    needs.push({
      id: `loop:${service}/${loop.loop}`,
      kind: loop.reason === 'foreign-writer' ? 'foreign-writer' : 'loop-held',
      severity: loop.reason === 'foreign-writer' ? 'warn' : 'info',
      service,
      title: `${service}/${loop.loop} is held`,
      detail: loop.text,
      href: `/loops/${encodeURIComponent(service)}/${encodeURIComponent(loop.loop)}`,
      sinceMs: loop.atMs,
    });
  }
  return needs;
}

/** Services whose spans are too often broken to act on what is counted from them. */
export function needsOfQuality(services: readonly ServiceQuality[], nowMs: number): Need[] {
  const broken = services.filter(
    ({ spans: received, rejected, negative }) =>
      !requestsAreSound({ quality: { received, rejected, negative } }),
  );
  return broken.map(({ service, spans, rejected, negative }) => ({
    id: `quality:${service}`,
    kind: 'ingest',
    severity: 'warn',
    service,
    title: `${service} sends broken spans`,
    detail:
      `${percent((rejected + negative) / (spans + rejected))} of its spans could not be taken or ` +
      'end before they begin: what is counted from them is no evidence',
    href: `/traces?service=${encodeURIComponent(service)}`,
    sinceMs: nowMs,
  }));
}

/** Policies refused or telemetry missing concern the whole house. */
export function needOfHouse(id: string, title: string, detail: string, sinceMs: number): Need {
  return {
    id,
    kind: 'ingest',
    severity: 'warn',
    service: null,
    title,
    detail,
    href: '/',
    sinceMs,
  };
}
