import type { FastifyRequest } from 'fastify';
import type { Principal } from './principal.ts';

/** Injection token of the `Authenticator`. */
export const AUTHENTICATOR = Symbol('Authenticator');

export interface Authenticator {
  /** Who sends this request; null when nobody is signed in. */
  authenticate(request: FastifyRequest): Promise<Principal | null>;
  /**
   * Called for every request that is not GET or HEAD, after `authenticate`.
   *
   * @throws ApiException when the request may come from another site (Origin, CSRF token).
   */
  checkMutation(request: FastifyRequest, principal: Principal): Promise<void>;
}
