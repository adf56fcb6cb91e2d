import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Config } from '../../config.ts';
import { CONFIG } from '../../platform/tokens.ts';
import { ApiException } from '../http/errors.ts';
import { ACCESS, type Access, type AuthenticatedRequest } from './access.ts';
import { AUTHENTICATOR, type Authenticator } from './authenticator.port.ts';
import { covers } from './principal.ts';

/** Stands before every route. No word on access means no access. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    switch (access?.kind) {
      case 'everybody':
        return true;
      case 'guard-token':
        this.#checkGuardToken(request);
        return true;
      case 'role':
        await this.#checkRole(request, access.role);
        return true;
      case undefined:
        throw new ApiException(403, 'forbidden', 'this route is not open to anybody');
    }
  }

  async #checkRole(request: AuthenticatedRequest, role: 'viewer' | 'operator' | 'admin') {
    const principal = await this.authenticator.authenticate(request);
    if (principal === null) {
      throw new ApiException(401, 'not-signed-in', 'sign in first: POST /api/auth/sign-in');
    }
    if (!covers(principal.role, role) || (principal.kind === 'token' && role !== 'viewer')) {
      throw new ApiException(
        403,
        'forbidden',
        `this needs the role ${role}; ${principal.username} is ${principal.role}`,
      );
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      await this.authenticator.checkMutation(request, principal);
    }
    request.principal = principal;
  }

  #checkGuardToken(request: AuthenticatedRequest): void {
    const expected = this.config.guardToken;
    if (expected === null) {
      throw new ApiException(
        503,
        'guard-token-unset',
        'this controller takes no guards: start it with FLYBALL_GUARD_TOKEN set',
      );
    }
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    // Hashes have one length, so that the comparison tells nothing about the token's.
    if (!timingSafeEqual(sha256(given), sha256(expected))) {
      throw new ApiException(401, 'guard-token-wrong', 'send Authorization: Bearer with the token');
    }
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
