import { POLICIES_AND_ACTIONS } from './001-policies-and-actions.ts';
import { USERS_AND_AUDIT } from './002-users-and-audit.ts';
import { COLLECTORS } from './003-collectors.ts';

export interface PostgresMigration {
  readonly name: string;
  readonly sql: string;
}

/** In order; the version is the position, from 1. A released one is never edited. */
export const POSTGRES_MIGRATIONS: readonly PostgresMigration[] = [
  { name: 'policies and actions', sql: POLICIES_AND_ACTIONS },
  { name: 'users and audit', sql: USERS_AND_AUDIT },
  { name: 'collectors that share traces', sql: COLLECTORS },
];
