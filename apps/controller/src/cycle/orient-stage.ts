import type { Policy } from '@flyball/contract';
import { boostWish } from '../modes/boost-wish.ts';
import { conduct } from '../modes/conduct.ts';
import { modeViewOf, transitionEvent, transitionRow } from '../modes/transitions.ts';
import { type Assessment, assess } from '../orient/assess.ts';
import { guardFacts, rememberTraffic } from '../orient/guard-facts.ts';
import { type CycleParts, type Round, splitLoopId } from './parts.ts';
import type { ControlState, ServiceState, Surroundings } from './service-state.ts';

/** Traffic at the guards is judged over this long. */
const TRAFFIC_MS = 15_000;

const NOTHING: Surroundings = { words: [], targets: new Map(), propagatingSinceMs: null };

/** Makes sense of what was seen: one assessment and one step of the mode machine per service. */
export class OrientStage {
  constructor(
    private readonly parts: CycleParts,
    private readonly state: ControlState,
  ) {}

  orient(policies: readonly Policy[], round: Round): Map<string, Assessment> {
    const assessments = new Map<string, Assessment>();
    this.#noteApplied(round);
    for (const policy of policies) {
      const { service } = policy;
      const state = this.state.service(service);
      const { words, targets, propagatingSinceMs } = round.surroundings.get(service) ?? NOTHING;
      const replicas = targets.get('replicas');
      const away = replicas !== undefined && 'away' in replicas;
      state.registryAwaySinceMs = away ? (state.registryAwaySinceMs ?? round.nowMs) : null;
      state.traffic = rememberTraffic(state.traffic, words, round.nowMs, TRAFFIC_MS);
      const assessment = assess({
        policy,
        snapshot: round.snapshot,
        guards: guardFacts(words, state.traffic, round.nowMs),
        replicas: replicas === undefined || 'away' in replicas ? null : replicas,
        registryAwaySinceMs: state.registryAwaySinceMs,
        propagatingSinceMs,
      });
      assessments.set(service, assessment);
      this.#stepMode(policy, state, assessment, round);
    }
    return assessments;
  }

  #stepMode(policy: Policy, state: ServiceState, assessment: Assessment, round: Round): void {
    const { recorder, live, logger, boosts } = this.parts;
    const { service } = policy;
    const {
      state: machine,
      report,
      playbook,
    } = conduct(policy, state.machine, assessment.inputs, round.nowMs);
    state.machine = machine;
    state.report = report;
    state.playbook = playbook;
    state.modeView = modeViewOf(report, state.modeView, assessment.slo?.text ?? null);
    recorder.write('flyball_mode_samples', {
      time: Math.floor(round.nowMs / 1000),
      service,
      mode: report.mode,
    });
    const { transition } = report;
    if (transition !== null) {
      const cause = state.modeView.cause ?? transition.text;
      recorder.write(
        'flyball_mode_history',
        transitionRow(service, transition, cause, round.traceId),
      );
      live.publish(transitionEvent(service, transition, cause));
      logger.info({ service, from: transition.from, to: transition.to, cause }, 'mode');
    }
    const wish = boostWish(policy, report.mode, playbook, state.applied, round.nowMs);
    void boosts.want(service, wish);
  }

  #noteApplied({ desk }: Round): void {
    for (const { loopId, state, finishedAtMs } of desk.finished) {
      if (state !== 'succeeded') continue;
      const [service] = splitLoopId(loopId);
      this.state.service(service).applied = { loopId, atMs: finishedAtMs };
    }
  }
}
