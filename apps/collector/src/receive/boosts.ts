import { samplingBoost } from '@flyball/contract';
import { z } from 'zod';
import type { Boost, BoostResult } from '../pipeline/boosts.ts';
import { type Answer, failure, type Request } from './answer.ts';
import { carriesToken, isRelayed } from './bearer.ts';
import { type BodyResult, readBody } from './body.ts';
import { type ByteBudget, Reservation } from './budget.ts';
import type { Handler } from './http.ts';
import { NO_ROOM } from './otlp-http.ts';

export interface BoostDoor {
  /** Without a token every call is refused. */
  readonly token: string | undefined;
  readonly budget: ByteBudget;
  /** @param relayed another collector passes it on: it concerns this one alone */
  set(boost: Boost, relayed: boolean): Promise<BoostResult>;
  list(): Promise<readonly Boost[]>;
}

const LIMITS = { maxBytes: 16 * 1024, timeoutMs: 5000 };

function json(value: unknown): Answer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  };
}

function unauthorised(door: BoostDoor): Answer {
  const cure =
    door.token === undefined
      ? 'this collector has no FLYBALL_GUARD_TOKEN, so boosts are off'
      : 'send Authorization: Bearer FLYBALL_GUARD_TOKEN';
  return failure('json', 401, cure, { headers: { 'www-authenticate': 'Bearer' } });
}

function parse(body: Buffer): z.infer<typeof samplingBoost> | string {
  try {
    const result = samplingBoost.safeParse(JSON.parse(body.toString('utf8')));
    return result.success ? result.data : z.prettifyError(result.error);
  } catch (error) {
    return `the body is not JSON: ${(error as Error).message}`;
  }
}

function unread(body: Exclude<BodyResult, { kind: 'bytes' | 'aborted' }>): Answer {
  switch (body.kind) {
    case 'too_large':
      return failure('json', 413, `a boost is one object of at most ${LIMITS.maxBytes} bytes`);
    case 'no_room':
      return failure('json', 503, NO_ROOM.message, { retryAfterMs: NO_ROOM.retryAfterMs });
    case 'timeout':
      return failure('json', 408, `the boost did not arrive within ${LIMITS.timeoutMs} ms`);
    case 'corrupt':
      return failure('json', 400, body.message);
  }
}

async function post(door: BoostDoor, request: Request): Promise<Answer | undefined> {
  const reservation = new Reservation(door.budget);
  try {
    const body = await readBody(request, 'identity', LIMITS, reservation);
    if (body.kind === 'aborted') return undefined;
    if (body.kind !== 'bytes') return unread(body);
    const wanted = parse(body.bytes);
    if (typeof wanted === 'string') return failure('json', 400, wanted);
    const result = await door.set(wanted, isRelayed(request));
    if (result.kind === 'full') {
      const message = `${result.max} boosts are in force already: wait, or end one`;
      return failure('json', 429, message, { retryAfterMs: 10_000 });
    }
    return json({ boosts: await door.list() });
  } finally {
    reservation.end();
  }
}

/** `GET` and `POST /v1/flyball/boosts`; see `samplingBoost` in the contract. */
export function boostMethods(door: BoostDoor): Readonly<Record<string, Handler>> {
  const guarded =
    (handler: Handler): Handler =>
    async (request) =>
      door.token !== undefined && carriesToken(request, door.token)
        ? handler(request)
        : unauthorised(door);
  return {
    GET: guarded(async () => json({ boosts: await door.list() })),
    POST: guarded((request) => post(door, request)),
  };
}
