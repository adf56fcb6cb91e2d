import type { Evidence, PlaybookPolicy, Policy } from '@flyball/contract';
import {
  type Direction,
  type ModeEvidence,
  type ModeInputs,
  type ModeReport,
  type ModeState,
  modeMachine,
  type Playbook,
  type Playbooks,
  playbookInForce,
} from '@flyball/control';
import { modeConfig } from '../policies/law-configs.ts';

export interface Conduct {
  readonly state: ModeState;
  readonly report: ModeReport;
  /** What the mode asks of the loops and of the collector now. */
  readonly playbook: Playbook;
}

/** One step of a service's mode machine. Pure. */
export function conduct(
  policy: Policy,
  state: ModeState | null,
  inputs: ModeInputs,
  nowMs: number,
): Conduct {
  const config = modeConfig(policy);
  const before = state === null ? modeMachine.init(config) : modeMachine.retune(state, config);
  const step = modeMachine.step(before, { nowMs, inputs });
  return {
    state: step.state,
    report: step.output,
    playbook: playbookFor(playbooksOf(policy), step.output),
  };
}

/**
 * What the mode asks for. Equal weights are for a service whose figures say nothing any more. One
 * that is where it is because its load is uneven needs the opposite: equal weights would go on
 * sending traffic to the instance that cannot take it, and the mode would never end.
 */
export function playbookFor(
  playbooks: Playbooks,
  report: Pick<ModeReport, 'mode' | 'recovery' | 'worst'>,
): Playbook {
  const { weights, ...rest } = playbookInForce(playbooks, report);
  if (weights === undefined || (weights === 'equal' && report.worst === 'load')) return rest;
  return { ...rest, weights };
}

function playbooksOf({ modes }: Policy): Playbooks {
  return { degraded: playbookOf(modes.degraded), floor: playbookOf(modes.floor) };
}

function playbookOf(words: PlaybookPolicy): Playbook {
  return {
    ...(words.sampling === undefined ? {} : { samplingRatio: words.sampling }),
    ...(words.rate === undefined ? {} : { rateRatio: words.rate }),
    ...(words.weights === undefined ? {} : { weights: words.weights }),
    ...(words.freeze === undefined ? {} : { freeze: freezesOf(words.freeze) }),
  };
}

/** `['replicas.down']` as `{ replicas: ['down'] }`. */
function freezesOf(words: readonly string[]): Record<string, Direction[]> {
  const freezes: Record<string, Direction[]> = {};
  for (const word of words) {
    const [loop = '', direction] = word.split('.');
    freezes[loop] = [...(freezes[loop] ?? []), direction === 'up' ? 'up' : 'down'];
  }
  return freezes;
}

/** The control library's evidence as the API shows it: a value is a number there. */
export function shownEvidence(evidence: ModeEvidence): Evidence {
  const { id, scope, signal, value, unit, observedAtMs, lifetimeMs, binding } = evidence;
  return {
    id,
    scope: { service: scope.service },
    signal,
    value: typeof value === 'number' ? value : (LEVELS[String(value)] ?? null),
    unit,
    threshold: null,
    observedAtMs: Math.round(observedAtMs),
    validUntilMs: Math.round(observedAtMs + lifetimeMs),
    freshness: evidence.freshness.kind,
    source: binding.source,
    exampleTraceIds: [...evidence.exampleTraceIds],
  };
}

const LEVELS: Readonly<Record<string, number>> = {
  true: 1,
  false: 0,
  ok: 0,
  'slow-down': 1,
  reject: 2,
};
