import type { ProcessService, SetReplicas } from '@flyball/contract';

/** The declared size of one service, and who may change it. Kept across restarts. */
export interface ReplicaState {
  /** Grows with every change of `desired`. */
  version: number;
  desired: number;
  /** Highest fencing token seen. */
  fence: number;
  /** Answers already given, by idempotency key, oldest first; bounded. */
  answered: readonly AnsweredRequest[];
}

export interface AnsweredRequest {
  request: SetReplicas;
  answer: ProcessService;
}

export type SetReplicasResult =
  | { kind: 'accepted'; state: ReplicaState; changed: boolean }
  | { kind: 'repeated'; state: ReplicaState; answer: ProcessService }
  | {
      kind: 'refused';
      state: ReplicaState;
      code: 'fence-outdated' | 'version-changed' | 'key-reused';
      message: string;
    }
  | { kind: 'invalid'; state: ReplicaState; message: string };

const REMEMBERED_ANSWERS = 100;

export function initialReplicas(desired: number): ReplicaState {
  return { version: 1, desired, fence: 0, answered: [] };
}

/**
 * One compare-and-set. A request that was answered before is not judged again; a fence below the
 * highest seen belongs to a leader that was replaced; a version that is no longer current means
 * that the request was decided on something that has changed since. The fence of a newer leader
 * is remembered even when its request is refused for another reason.
 */
export function setReplicas(
  state: ReplicaState,
  request: SetReplicas,
  limits: { maxReplicas: number },
): SetReplicasResult {
  const earlier = state.answered.find(
    (entry) => entry.request.idempotencyKey === request.idempotencyKey,
  );
  if (earlier !== undefined) {
    if (sameRequest(earlier.request, request)) {
      return { kind: 'repeated', state, answer: earlier.answer };
    }
    const message = `idempotency key ${request.idempotencyKey} was used for another request`;
    return { kind: 'refused', state, code: 'key-reused', message };
  }
  if (request.fence < state.fence) {
    const message = `fence ${request.fence} is older than ${state.fence}: another leader took over`;
    return { kind: 'refused', state, code: 'fence-outdated', message };
  }
  const fenced = { ...state, fence: request.fence };
  if (request.expectedVersion !== state.version) {
    const message = `version is ${state.version}, not ${request.expectedVersion}: read again`;
    return { kind: 'refused', state: fenced, code: 'version-changed', message };
  }
  if (request.replicas > limits.maxReplicas) {
    const message =
      `replicas ${request.replicas} is over the maximum of ${limits.maxReplicas}` +
      ' (FLYBALL_DEMO_MAX_REPLICAS)';
    return { kind: 'invalid', state: fenced, message };
  }
  if (request.replicas === state.desired) {
    return { kind: 'accepted', state: fenced, changed: false };
  }
  return {
    kind: 'accepted',
    state: { ...fenced, desired: request.replicas, version: state.version + 1 },
    changed: true,
  };
}

/** Remembers what was answered, so that a repeat gets the same. */
export function rememberAnswer(state: ReplicaState, entry: AnsweredRequest): ReplicaState {
  return { ...state, answered: [...state.answered, entry].slice(-REMEMBERED_ANSWERS) };
}

function sameRequest(one: SetReplicas, other: SetReplicas): boolean {
  return (
    one.replicas === other.replicas &&
    one.fence === other.fence &&
    one.expectedVersion === other.expectedVersion
  );
}
