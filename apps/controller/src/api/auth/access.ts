import type { Role } from '@flyball/contract';
import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Principal } from './principal.ts';

/** Who may call a route. A route that does not say is refused to everybody. */
export type Access =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'guard-token' }
  | { readonly kind: 'role'; readonly role: Role };

export const ACCESS = 'flyball:access';

/** At least this role, signed in. */
export const Roles = (role: Role) => SetMetadata(ACCESS, { kind: 'role', role } satisfies Access);

/** Open to everybody: health, sign-in. */
export const Everybody = () => SetMetadata(ACCESS, { kind: 'everybody' } satisfies Access);

/** For guards and collectors that hold FLYBALL_GUARD_TOKEN. */
export const GuardToken = () => SetMetadata(ACCESS, { kind: 'guard-token' } satisfies Access);

/** Where the guard leaves the principal for the handler. */
export type AuthenticatedRequest = FastifyRequest & { principal?: Principal };

/** The signed-in principal of a `@Roles` route. */
export const CurrentUser = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const { principal } = context.switchToHttp().getRequest<AuthenticatedRequest>();
  if (principal === undefined) throw new Error('@CurrentUser needs a route with @Roles');
  return principal;
});
