import { passwordRequest, redeemRequest, type Session, signInRequest } from '@flyball/contract';
import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type pg from 'pg';
import type { z } from 'zod';
import { AuditService } from '../../audit/audit.service.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK, PG_POOL } from '../../platform/tokens.ts';
import { ApiException } from '../http/errors.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { CurrentUser, Everybody, Roles } from './access.ts';
import { FirstAdmin } from './first-admin.ts';
import { checkSameOrigin } from './origin.ts';
import { hashPassword, verifyPassword } from './passwords.ts';
import { actorOf, type Principal } from './principal.ts';
import { SessionsService } from './sessions.service.ts';
import { SignInLimit } from './sign-in-limit.ts';
import {
  noteFailedSignIn,
  noteSignIn,
  redeemSignInLink,
  setPassword,
  userById,
  userByName,
} from './users.repository.ts';

/** Signing in and out, and the own password. */
@Controller('api/auth')
export class AuthController {
  readonly #limit = new SignInLimit();

  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(AuditService) private readonly audit: AuditService,
    @Inject(FirstAdmin) private readonly firstAdmin: FirstAdmin,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('session')
  @Everybody()
  session(@Req() request: FastifyRequest): Promise<Session> {
    return this.sessions.describe(request);
  }

  @Post('sign-in')
  @HttpCode(200)
  @Everybody()
  async signIn(
    @Body(new ZodPipe(signInRequest)) body: z.output<typeof signInRequest>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    this.#admit(request);
    const user = await userByName(this.pool, body.username);
    const locked = (user?.lockedUntilMs ?? 0) > this.clock.nowMs();
    const right = await verifyPassword(body.password, user?.passwordHash ?? null);
    // One answer for every fault, so that nobody learns which names exist.
    if (user === null || locked || !right) {
      if (user !== null && !locked) await noteFailedSignIn(this.pool, user.id);
      throw new ApiException(
        401,
        'sign-in-refused',
        'wrong name or password, or too many failures: after five, wait before you try again',
      );
    }
    await noteSignIn(this.pool, user.id);
    await this.#record(`user:${user.username}`, 'auth.sign-in', user.id, 'signed in by password');
    return this.sessions.open(user.id, request, reply);
  }

  /** A one-time link becomes a session. */
  @Post('redeem')
  @HttpCode(200)
  @Everybody()
  async redeem(
    @Body(new ZodPipe(redeemRequest)) body: z.output<typeof redeemRequest>,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    this.#admit(request);
    const userId = await redeemSignInLink(this.pool, body.token);
    const user = userId === null ? null : await userById(this.pool, userId);
    if (user === null) {
      throw new ApiException(
        401,
        'link-refused',
        'this link was used or has expired: ask an admin for a new one, or restart Flyball ' +
          'when nobody has signed in yet',
      );
    }
    await this.#record(`user:${user.username}`, 'auth.redeem', user.id, 'signed in by link');
    return this.sessions.open(user.id, request, reply);
  }

  @Post('sign-out')
  @HttpCode(200)
  @Roles('viewer')
  async signOut(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Session> {
    await this.sessions.close(request, reply);
    return { user: null, csrfToken: '', expiresAtMs: null };
  }

  /** Sets the own password; the current one is asked for when there is one. */
  @Post('password')
  @HttpCode(200)
  @Roles('viewer')
  async password(
    @Body(new ZodPipe(passwordRequest)) body: z.output<typeof passwordRequest>,
    @CurrentUser() principal: Principal,
    @Req() request: FastifyRequest,
  ): Promise<Session> {
    this.#admit(request);
    const user = await userById(this.pool, principal.id);
    if (user === null) throw new ApiException(401, 'not-signed-in', 'this user was removed');
    if (user.passwordHash !== null) {
      const right = await verifyPassword(body.currentPassword ?? '', user.passwordHash);
      if (!right) throw new ApiException(403, 'password-wrong', 'the current password is wrong');
    }
    await setPassword(this.pool, user.id, await hashPassword(body.newPassword));
    await this.sessions.closeAll(user.id, request);
    await this.#record(actorOf(principal), 'auth.password', user.id, 'chose a new password');
    await this.firstAdmin.signedIn();
    return this.sessions.describe(request);
  }

  #admit(request: FastifyRequest): void {
    checkSameOrigin(request);
    const waitMs = this.#limit.take(request.ip, this.clock.nowMs());
    if (waitMs === 0) return;
    const seconds = String(Math.ceil(waitMs / 1000));
    const message = `too many attempts from this address: wait ${seconds} s`;
    throw new ApiException(429, 'too-many-attempts', message, undefined, {
      'retry-after': seconds,
    });
  }

  #record(actor: string, action: string, subject: string, detail: string): Promise<void> {
    return this.audit.record({ actor, action, subject, detail });
  }
}
