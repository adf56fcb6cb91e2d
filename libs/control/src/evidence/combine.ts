import { ConfigError } from '../config.ts';
import type {
  Evidence,
  EvidenceBinding,
  EvidenceScope,
  EvidenceStage,
  Freshness,
} from './evidence.ts';
import { validUntilMs } from './life.ts';

const MOST_TRACE_IDS = 10;
const FRESHNESS_ORDER: readonly Freshness['kind'][] = [
  'static',
  'fresh',
  'bounded-stale',
  'eventual',
  'historical',
];
const STAGE_ORDER: readonly EvidenceStage['kind'][] = [
  'validated',
  'renewed',
  'propagated',
  'generated',
  'expired',
];

/**
 * What follows from several facts is as weak as the weakest of them: as old as the oldest, alive
 * as long as the shortest-lived, as fresh as the least fresh, as far in its life as the least
 * advanced, and about what they have in common.
 * Throws a ConfigError for no facts, or for facts about different services.
 */
export function combine<T>(
  parts: readonly Evidence<unknown>[],
  fact: { readonly id: string; readonly signal: string; readonly value: T; readonly unit: string },
): Evidence<T> {
  const [first, ...others] = parts;
  if (first === undefined) {
    throw new ConfigError('parts', parts, 'at least one piece of evidence');
  }
  const ageing = parts.filter((part) => part.freshness.kind !== 'static');
  const observed = (ageing.length > 0 ? ageing : parts).map((part) => part.observedAtMs);
  const observedAtMs = Math.min(...observed);
  return {
    ...fact,
    scope: others.map((part) => part.scope).reduce(commonScope, first.scope),
    observedAtMs,
    lifetimeMs: Math.min(...parts.map(validUntilMs)) - observedAtMs,
    binding: commonBinding(parts.map((part) => part.binding)),
    freshness: others.map((part) => part.freshness).reduce(lessFresh, first.freshness),
    stage: others.map((part) => part.stage).reduce(lessAdvanced, first.stage),
    exampleTraceIds: [...new Set(parts.flatMap((part) => part.exampleTraceIds))].slice(
      0,
      MOST_TRACE_IDS,
    ),
  };
}

export function lessFresh(a: Freshness, b: Freshness): Freshness {
  if (a.kind === 'bounded-stale' && b.kind === 'bounded-stale') {
    return a.boundMs >= b.boundMs ? a : b;
  }
  return FRESHNESS_ORDER.indexOf(a.kind) >= FRESHNESS_ORDER.indexOf(b.kind) ? a : b;
}

function lessAdvanced(a: EvidenceStage, b: EvidenceStage): EvidenceStage {
  return STAGE_ORDER.indexOf(a.kind) >= STAGE_ORDER.indexOf(b.kind) ? a : b;
}

/** All sources; the subject when it is one; the lowest fence when all have one. */
function commonBinding(bindings: readonly EvidenceBinding[]): EvidenceBinding {
  const [subject, ...otherSubjects] = new Set(bindings.map((binding) => binding.subject));
  const fences = bindings.flatMap(({ fence }) => fence ?? []);
  return {
    source: [...new Set(bindings.map((binding) => binding.source))].join('+'),
    ...(subject !== undefined && otherSubjects.length === 0 ? { subject } : {}),
    ...(fences.length === bindings.length ? { fence: Math.min(...fences) } : {}),
  };
}

function commonScope(a: EvidenceScope, b: EvidenceScope): EvidenceScope {
  if (a.service !== b.service) {
    throw new ConfigError('parts', [a.service, b.service], 'about one service');
  }
  return {
    service: a.service,
    ...(a.operation !== undefined && a.operation === b.operation ? { operation: a.operation } : {}),
    ...(a.instance !== undefined && a.instance === b.instance ? { instance: a.instance } : {}),
    ...(a.zone !== undefined && a.zone === b.zone ? { zone: a.zone } : {}),
  };
}
