import type { Session } from '@flyball/contract';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import { PG_POOL } from '../../platform/tokens.ts';
import { ApiException } from '../http/errors.ts';
import type { Authenticator } from './authenticator.port.ts';
import { checkSameOrigin, isSecure } from './origin.ts';
import type { Principal } from './principal.ts';
import { newToken, sameSecret, tokenHash } from './tokens.ts';

const COOKIE = 'flyball_session';
const LIFETIME_S = 7 * 24 * 3600;

interface SessionRow {
  readonly id: string;
  readonly username: string;
  readonly role: Principal['role'];
  readonly has_password: boolean;
  readonly csrf_token: string;
  readonly expires_at: Date;
}

/** Sessions live on the server; the browser holds a token that says nothing by itself. */
@Injectable()
export class SessionsService implements Authenticator {
  constructor(@Inject(PG_POOL) private readonly pool: pg.Pool) {}

  async authenticate(request: FastifyRequest): Promise<Principal | null> {
    const row = await this.#find(request);
    if (row === null) return null;
    return { kind: 'user', id: row.id, username: row.username, role: row.role };
  }

  async checkMutation(request: FastifyRequest): Promise<void> {
    checkSameOrigin(request);
    const row = await this.#find(request);
    const given = request.headers['x-csrf-token'];
    if (row === null || typeof given !== 'string' || !sameSecret(given, row.csrf_token)) {
      throw new ApiException(
        403,
        'csrf-token-wrong',
        'send X-CSRF-Token as GET /api/auth/session gives it',
      );
    }
  }

  /** What the browser may know of its session; a user of null means: not signed in. */
  async describe(request: FastifyRequest): Promise<Session> {
    const row = await this.#find(request);
    if (row === null) return { user: null, csrfToken: '', expiresAtMs: null };
    const { id, username, role } = row;
    return {
      user: { id, username, role, mustChangePassword: !row.has_password },
      csrfToken: row.csrf_token,
      expiresAtMs: row.expires_at.getTime(),
    };
  }

  /** Starts a session and sets its cookie. A new token each time: none can be planted before. */
  async open(userId: string, request: FastifyRequest, reply: FastifyReply): Promise<Session> {
    const token = newToken();
    await this.pool.query('DELETE FROM session WHERE expires_at < now()');
    await this.pool.query(
      `INSERT INTO session (token_hash, user_id, csrf_token, expires_at)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4))`,
      [tokenHash(token), userId, newToken(), LIFETIME_S],
    );
    reply.setCookie(COOKIE, token, this.#cookie(request, LIFETIME_S));
    request.cookies[COOKIE] = token;
    return this.describe(request);
  }

  async close(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const token = request.cookies[COOKIE];
    if (token !== undefined) {
      await this.pool.query('DELETE FROM session WHERE token_hash = $1', [tokenHash(token)]);
    }
    reply.clearCookie(COOKIE, this.#cookie(request, 0));
  }

  /** Ends a user's sessions, all or all but the one of this request. */
  async closeAll(userId: string, except?: FastifyRequest): Promise<void> {
    const kept = tokenHash(except?.cookies[COOKIE] ?? '');
    await this.pool.query('DELETE FROM session WHERE user_id = $1 AND token_hash <> $2', [
      userId,
      kept,
    ]);
  }

  #cookie(request: FastifyRequest, maxAge: number) {
    // Lax, not strict: a link to a proposal in a chat must arrive signed in.
    const secure = isSecure(request);
    return { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge } as const;
  }

  async #find(request: FastifyRequest): Promise<SessionRow | null> {
    const token = request.cookies[COOKIE];
    if (token === undefined || token.length > 100) return null;
    const { rows } = await this.pool.query<SessionRow>(
      `SELECT u.id, u.username, u.role, u.password_hash IS NOT NULL AS has_password,
              s.csrf_token, s.expires_at
       FROM session s JOIN app_user u ON u.id = s.user_id
       WHERE s.token_hash = $1 AND s.expires_at > now()
         AND s.seen_at > now() - interval '24 hours'`,
      [tokenHash(token)],
    );
    const row = rows[0];
    if (row === undefined) return null;
    // Once a minute is exact enough for "unused for a day", and spares a write per request.
    await this.pool.query(
      `UPDATE session SET seen_at = now()
       WHERE token_hash = $1 AND seen_at < now() - interval '1 minute'`,
      [tokenHash(token)],
    );
    return row;
  }
}
