import type { Mode } from '@flyball/contract';
import { worseMode } from '@flyball/control';
import { inTransaction } from '@flyball/store';
import { Inject, Injectable } from '@nestjs/common';
import type { Tracer } from '@opentelemetry/api';
import type pg from 'pg';
import { AutomationSwitch } from '../approve/automation.service.ts';
import { digestOfContent, isRoutine, type ProposalContent } from '../approve/content.ts';
import { AuditService } from '../audit/audit.service.ts';
import type { Config } from '../config.ts';
import { LOOP_NAMES, type LoopName } from '../decide/words.ts';
import { Lease } from '../leadership/lease.ts';
import { LiveEvents } from '../live/live-events.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { Metrics } from '../platform/metrics.ts';
import { messageOf } from '../platform/stores.ts';
import { CLOCK, CONFIG, LOGGER, PG_POOL, TRACER } from '../platform/tokens.ts';
import { inSpan } from '../platform/tracing.ts';
import { Policies } from '../policies/policies.service.ts';
import { type Actuator, Refusal, type TargetState } from './actuator.port.ts';
import { ACTUATORS, type Actuators } from './actuators.ts';

interface Taken {
  readonly id: string;
  readonly attempts: number;
  readonly content: ProposalContent;
  readonly digest: string;
  readonly approvedBy: string;
  readonly currentMode: Mode | null;
  readonly fence: number;
}

const MOST_ATTEMPTS = 5;
const ACTIONS = 'flyball_controller_actions_total';

/**
 * Carries out approved actions: once each, by the leader only, under its fence, and only if what
 * was approved still fits. An attempt that died half-way is repeated under the same key, which the
 * target recognises.
 */
@Injectable()
export class Executor {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(Lease) private readonly lease: Lease,
    @Inject(AutomationSwitch) private readonly automation: AutomationSwitch,
    @Inject(Policies) private readonly policies: Policies,
    @Inject(ACTUATORS) private readonly actuators: Actuators,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(LiveEvents) private readonly live: LiveEvents,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(TRACER) private readonly tracer: Tracer,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    metrics.declare('counter', ACTIONS, 'Actions by how they ended.');
  }

  /** `again`: it could not be finished now, the sweep will bring it back. */
  async execute(actionId: string): Promise<'done' | 'again'> {
    const taken = await this.#take(actionId);
    if (taken === null) return 'done';
    return inSpan(this.tracer, null, 'action', async (span) => {
      span.setAttributes({
        'flyball.action.id': actionId,
        'flyball.loop.id': taken.content.loopId,
        'flyball.proposal.trace_id': taken.content.traceId ?? '',
      });
      this.#tell(taken, 'running');
      try {
        const state = await this.#carryOut(taken);
        await this.#finish(taken, { state: 'succeeded', after: state, error: null });
        return 'done';
      } catch (error) {
        return this.#fail(taken, error);
      }
    });
  }

  /** Marks the action as running, if this process leads and it is not finished yet. */
  async #take(actionId: string): Promise<Taken | null> {
    const held = this.lease.current();
    if (held === null) return null;
    return inTransaction(this.pool, async (client) => {
      if (!(await this.lease.heldIn(client, held.fence))) return null;
      const { rows } = await client.query<{
        attempts: number;
        approved_by: string;
        content: ProposalContent;
        digest: string;
        mode: Mode | null;
      }>(
        `UPDATE action SET state = 'running', attempts = attempts + 1, fence = $2,
           started_at = now()
         FROM proposal
         WHERE action.id = $1 AND proposal.id = action.proposal_id
           AND (action.state = 'queued' OR (action.state = 'running'
             AND (action.fence < $2 OR action.started_at < now() - interval '20 seconds')))
         RETURNING action.attempts, action.approved_by, proposal.content, proposal.digest,
           (SELECT state->'machine'->>'overall' FROM mode_state
            WHERE mode_state.service = action.service) AS mode`,
        [actionId, held.fence],
      );
      const row = rows[0];
      if (row === undefined) return null;
      return {
        id: actionId,
        attempts: row.attempts,
        content: row.content,
        digest: row.digest,
        approvedBy: row.approved_by,
        currentMode: row.mode,
        fence: held.fence,
      };
    });
  }

  async #carryOut(taken: Taken): Promise<TargetState> {
    const { content, fence, attempts } = taken;
    const actuator = this.#actuatorFor(content);
    if ((await this.automation.read()).stopped) {
      throw new Refusal('invalid', 'all automation was stopped');
    }
    if (digestOfContent(content) !== taken.digest) {
      throw new Refusal('invalid', 'the proposal is not the one that was approved');
    }
    const reducing = Number(content.after) < Number(content.before);
    const { mode } = content.preconditions;
    if (reducing && mode !== null && taken.currentMode !== null && taken.currentMode !== mode) {
      if (worseMode(mode, taken.currentMode) === taken.currentMode) {
        throw new Refusal(
          'invalid',
          `it takes something away, and the mode has gone from ${mode} to ${taken.currentMode}`,
        );
      }
    }
    // A second attempt may find its own change made: the target knows the key.
    if (attempts === 1) await this.#checkVersion(actuator, content);
    if (!(await this.lease.heldIn(this.pool, fence))) {
      throw new Refusal('not-leader', 'the lease has gone to another controller');
    }
    const applied = await actuator.apply(
      {
        value: content.after,
        expectedVersion: content.preconditions.targetVersion,
        idempotencyKey: content.id,
        by: taken.approvedBy,
      },
      fence,
    );
    return actuator.verify(applied);
  }

  async #checkVersion(actuator: Actuator, content: ProposalContent): Promise<void> {
    const { version } = await actuator.read();
    const expected = content.preconditions.targetVersion;
    if (version !== expected) {
      throw new Refusal(
        'version-moved',
        `the target has moved from version ${expected} to ${version}`,
      );
    }
  }

  #actuatorFor(content: ProposalContent): Actuator {
    const loaded = this.policies.current().find(({ policy }) => policy.service === content.service);
    const loop = content.loopId.slice(content.service.length + 1) as LoopName;
    if (loaded === undefined || !LOOP_NAMES.includes(loop) || !loaded.policy.loops[loop]) {
      throw new Refusal('invalid', `no policy in force has the loop ${content.loopId}`);
    }
    return this.actuators.for(loaded.policy, loop);
  }

  async #fail(taken: Taken, error: unknown): Promise<'done' | 'again'> {
    const reason = messageOf(error);
    if (error instanceof Refusal) {
      // Another leader has it or will take it: not ours to end.
      if (error.kind === 'not-leader') return 'again';
      await this.#finish(taken, { state: 'refused', after: null, error: reason });
      return 'done';
    }
    if (taken.attempts >= MOST_ATTEMPTS) {
      await this.#finish(taken, { state: 'failed', after: null, error: reason });
      return 'done';
    }
    this.logger.warn(
      { action: taken.id, attempts: taken.attempts, reason },
      'action will be tried again',
    );
    await this.pool.query(
      `UPDATE action SET state = 'queued', error = $2
       WHERE id = $1 AND state = 'running' AND fence = $3`,
      [taken.id, reason, taken.fence],
    );
    return 'again';
  }

  async #finish(
    taken: Taken,
    outcome: {
      readonly state: 'succeeded' | 'failed' | 'refused';
      readonly after: TargetState | null;
      readonly error: string | null;
    },
  ): Promise<void> {
    const { state, after, error } = outcome;
    const judged = judgedLater(taken, state) ? 'waiting' : 'not-judged';
    const ended = await inTransaction(this.pool, async (client) => {
      // Under another fence it is a newer leader's by now: its word counts, not ours.
      const { rowCount } = await client.query(
        `UPDATE action SET state = $2, read_back = $3, version = $4, error = $5,
           finished_at = now(), verification = $6
         WHERE id = $1 AND state = 'running' AND fence = $7`,
        [
          taken.id,
          state,
          after === null ? null : JSON.stringify(after.value),
          after?.version ?? null,
          error,
          JSON.stringify({ state: judged, text: '' }),
          taken.fence,
        ],
      );
      if (rowCount === 0) return false;
      if (state === 'succeeded' && isRoutine(taken.content, taken.approvedBy)) return true;
      await this.audit.recordIn(client, {
        actor: `controller:${this.config.instanceId}`,
        action: `action.${state}`,
        subject: taken.id,
        detail: error === null ? taken.content.title : `${taken.content.title}: ${error}`,
      });
      return true;
    });
    if (!ended) return;
    this.metrics.add(ACTIONS, { state });
    this.logger.info({ action: taken.id, title: taken.content.title, state, error }, 'action');
    this.#tell(taken, state);
  }

  #tell({ id, content }: Taken, state: string): void {
    const { service, title } = content;
    this.live.publish({
      topic: 'action',
      id,
      service,
      state,
      title,
      atMs: this.clock.nowMs(),
    });
  }
}

/** Steps of loops that steer all the time predict nothing that could be judged. */
function judgedLater({ content }: Taken, state: string): boolean {
  return state === 'succeeded' && content.prediction.withinMs !== null;
}
