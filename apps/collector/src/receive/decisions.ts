import type { SamplingDecision } from '@flyball/contract';
import { type Answer, failure, type Request } from './answer.ts';
import { carriesToken, isRelayed } from './bearer.ts';
import type { Handler } from './http.ts';

/** The last part of the path is the trace id. */
export const DECISIONS_PATH = '/v1/flyball/decisions/*';

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;

export interface DecisionDoor {
  /** Without a token everybody may ask. */
  readonly token: string | undefined;
  /**
   * @param traceId 32 lower-case hex digits
   * @param relayed another collector asks: what this one knows is enough
   */
  explain(traceId: string, relayed: boolean): Promise<SamplingDecision>;
}

async function answer(door: DecisionDoor, request: Request): Promise<Answer> {
  if (door.token !== undefined && !carriesToken(request, door.token)) {
    const cure = 'send Authorization: Bearer FLYBALL_GUARD_TOKEN';
    return failure('json', 401, cure, { headers: { 'www-authenticate': 'Bearer' } });
  }
  const path = (request.url ?? '').split('?', 1)[0] as string;
  const traceId = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (!TRACE_ID.test(traceId)) {
    return failure('json', 400, `${JSON.stringify(traceId)} is no trace id: 32 hex digits`);
  }
  const decision = await door.explain(traceId, isRelayed(request));
  return {
    status: decision.state === 'unknown' ? 404 : 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: JSON.stringify(decision),
  };
}

/** `GET /v1/flyball/decisions/TRACE_ID`; see `samplingDecision` in the contract. */
export function decisionMethods(door: DecisionDoor): Readonly<Record<string, Handler>> {
  return { GET: (request) => answer(door, request) };
}
