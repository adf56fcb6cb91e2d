import { timingSafeEqual } from 'node:crypto';
import type { Request } from './answer.ts';

/** Whether a request carries this token; the comparison takes as long however much is right. */
export function carriesToken(request: Request, token: string): boolean {
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
