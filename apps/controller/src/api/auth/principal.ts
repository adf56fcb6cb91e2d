import type { Role } from '@flyball/contract';

/** Who is asking. A service token is a viewer and never approves. */
export interface Principal {
  readonly kind: 'user' | 'token';
  readonly id: string;
  readonly username: string;
  readonly role: Role;
}

const RANK: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether a role includes another one. */
export function covers(has: Role, needs: Role): boolean {
  return RANK[has] >= RANK[needs];
}

/** How a principal is named in votes and in the audit. */
export function actorOf(principal: Principal): string {
  return `${principal.kind}:${principal.username}`;
}
