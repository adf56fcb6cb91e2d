import { timingSafeEqual } from 'node:crypto';
import type { Request } from './answer.ts';

/** Marks what one collector passes on to another, which does not pass it on any further. */
export const RELAYED_HEADER = 'flyball-relayed';

export function isRelayed(request: Request): boolean {
  return request.headers[RELAYED_HEADER] !== undefined;
}

/** Whether a request carries this token; the comparison takes as long however much is right. */
export function carriesToken(request: Request, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
