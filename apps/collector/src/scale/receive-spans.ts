import { type Answer, failure, type Request } from '../receive/answer.ts';
import { carriesToken } from '../receive/bearer.ts';
import { readBody } from '../receive/body.ts';
import { type ByteBudget, Reservation } from '../receive/budget.ts';
import type { Handler } from '../receive/http.ts';
import type { Outcome } from '../receive/intake.ts';
import { BATCH_HEADER, GENERATION_HEADER } from './link.http.ts';
import { TakenBatches } from './taken-batches.ts';

export interface SpansDoor {
  readonly token: string | undefined;
  /** Of this process' lease; undefined while it has none. */
  readonly generation: () => number | undefined;
  readonly budget: ByteBudget;
  readonly maxBodyBytes: number;
  readonly requestTimeoutMs: number;
  take(body: Uint8Array): Outcome;
}

function answerOf(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'accepted':
      return { status: 200 };
    case 'invalid':
      return failure('json', 400, outcome.message);
    case 'too_large':
      return failure('json', 413, outcome.message);
    case 'busy':
    case 'stopping': {
      const { message, retryAfterMs } = outcome;
      return failure('json', outcome.kind === 'busy' ? 429 : 503, message, { retryAfterMs });
    }
  }
}

function refusal(door: SpansDoor, request: Request): Answer | undefined {
  if (door.token === undefined || !carriesToken(request, door.token)) {
    return failure('json', 401, 'collectors that share traces need one FLYBALL_GUARD_TOKEN');
  }
  const generation = door.generation();
  if (String(generation) === request.headers[GENERATION_HEADER]) return undefined;
  const state = generation === undefined ? 'has not joined' : `is generation ${generation}`;
  return failure('json', 409, `this collector ${state}: read the members anew`);
}

/** A batch whose answer was lost comes again; its spans are here already. */
function takeOnce(
  door: SpansDoor,
  taken: TakenBatches,
  name: string | string[] | undefined,
  body: Uint8Array,
): Outcome {
  const batch = String(name ?? '');
  if (taken.has(batch)) return { kind: 'accepted', rejected: { count: 0, message: '' } };
  const outcome = door.take(body);
  if (outcome.kind === 'accepted') taken.add(batch);
  return outcome;
}

/** `POST /v1/flyball/spans`: spans of our traces that another collector has received. */
export function spansHandler(door: SpansDoor): Handler {
  const taken = new TakenBatches();
  return async (request) => {
    const refused = refusal(door, request);
    if (refused !== undefined) return refused;
    const reservation = new Reservation(door.budget);
    try {
      const limits = { maxBytes: door.maxBodyBytes, timeoutMs: door.requestTimeoutMs };
      const body = await readBody(request, 'identity', limits, reservation);
      switch (body.kind) {
        case 'aborted':
          return undefined;
        case 'no_room':
          return failure('json', 429, 'too many requests in progress', { retryAfterMs: 1000 });
        case 'timeout':
          return failure('json', 408, 'the spans did not arrive in time');
        case 'corrupt':
        case 'too_large':
          return failure(
            'json',
            413,
            `more than ${door.maxBodyBytes} bytes: raise receive.maxBody`,
          );
        case 'bytes':
          return answerOf(takeOnce(door, taken, request.headers[BATCH_HEADER], body.bytes));
      }
    } finally {
      reservation.end();
    }
  };
}
