'use client';

import type { Role, Session } from '@flyball/contract';
import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from './queries.ts';

/** What the signed-in person may do, and the sentence to show when they may not. */
export type Access = {
  user: Session['user'];
  csrfToken: string;
  mayAct: boolean;
  isAdmin: boolean;
  /** Why acting is refused; empty when it is not. */
  whyNot: string;
};

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export function useAccess(): Access {
  const { data } = useQuery(sessionQuery);
  const user = data?.user ?? null;
  const level = user === null ? -1 : rank[user.role];
  const mayAct = level >= rank.operator;
  return {
    user,
    csrfToken: data?.csrfToken ?? '',
    mayAct,
    isAdmin: level >= rank.admin,
    whyNot: mayAct
      ? ''
      : `Your role is ${user?.role ?? 'none'}: you can see this but not act. ` +
        'An admin can make you an operator.',
  };
}
