import { randomUUID } from 'node:crypto';
import type { Role, User } from '@flyball/contract';
import type { Queryable } from '@flyball/store';
import { newToken, tokenHash } from './tokens.ts';

/** A person as stored. */
export interface StoredUser {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly passwordHash: string | null;
  readonly failedSignIns: number;
  readonly lockedUntilMs: number | null;
}

interface UserRow {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly password_hash: string | null;
  readonly failed_sign_ins: number;
  readonly locked_until: Date | null;
}

const COLUMNS = 'id, username, role, password_hash, failed_sign_ins, locked_until';

export function publicUser(user: StoredUser): User {
  const { id, username, role, passwordHash } = user;
  return { id, username, role, mustChangePassword: passwordHash === null };
}

function stored(row: UserRow): StoredUser {
  return {
    id: row.id,
    username: row.username,
    role: row.role,
    passwordHash: row.password_hash,
    failedSignIns: row.failed_sign_ins,
    lockedUntilMs: row.locked_until?.getTime() ?? null,
  };
}

async function one(db: Queryable, where: string, value: string): Promise<StoredUser | null> {
  const sql = `SELECT ${COLUMNS} FROM app_user WHERE ${where} = $1`;
  const { rows } = await db.query<UserRow>(sql, [value]);
  return rows[0] === undefined ? null : stored(rows[0]);
}

export const userById = (db: Queryable, id: string) => one(db, 'id', id);
export const userByName = (db: Queryable, username: string) => one(db, 'username', username);

export async function allUsers(db: Queryable): Promise<StoredUser[]> {
  const sql = `SELECT ${COLUMNS} FROM app_user ORDER BY username`;
  const { rows } = await db.query<UserRow>(sql);
  return rows.map(stored);
}

/** Null when the name is taken. */
export async function insertUser(
  db: Queryable,
  username: string,
  role: Role,
): Promise<StoredUser | null> {
  const sql = `INSERT INTO app_user (id, username, role) VALUES ($1, $2, $3)
               ON CONFLICT (username) DO NOTHING RETURNING ${COLUMNS}`;
  const { rows } = await db.query<UserRow>(sql, [randomUUID(), username, role]);
  return rows[0] === undefined ? null : stored(rows[0]);
}

export async function setRole(db: Queryable, id: string, role: Role): Promise<void> {
  await db.query('UPDATE app_user SET role = $2 WHERE id = $1', [id, role]);
}

/** A null hash means: sign in by link, then choose a password. */
export async function setPassword(db: Queryable, id: string, hash: string | null): Promise<void> {
  await db.query(
    `UPDATE app_user SET password_hash = $2, failed_sign_ins = 0, locked_until = NULL
     WHERE id = $1`,
    [id, hash],
  );
}

export async function deleteUser(db: Queryable, id: string): Promise<void> {
  await db.query('DELETE FROM app_user WHERE id = $1', [id]);
}

/** Locks the row set of admins, so that two at once cannot remove the last two of them. */
export async function countOtherAdmins(db: Queryable, id: string): Promise<number> {
  const { rows } = await db.query(
    `SELECT id FROM app_user WHERE role = 'admin' AND id <> $1 FOR UPDATE`,
    [id],
  );
  return rows.length;
}

/** From the fifth failure on the account rests, twice as long each time, at most 15 minutes. */
export async function noteFailedSignIn(db: Queryable, id: string): Promise<void> {
  await db.query(
    `UPDATE app_user SET failed_sign_ins = failed_sign_ins + 1,
       locked_until = CASE WHEN failed_sign_ins >= 4 THEN
         now() + least(interval '15 minutes', interval '10 seconds' * 2 ^ (failed_sign_ins - 4))
       END
     WHERE id = $1`,
    [id],
  );
}

export async function noteSignIn(db: Queryable, id: string): Promise<void> {
  await db.query('UPDATE app_user SET failed_sign_ins = 0, locked_until = NULL WHERE id = $1', [
    id,
  ]);
}

/** A link that signs in once, within a day. Earlier ones of the same user end. */
export async function createSignInLink(
  db: Queryable,
  userId: string,
): Promise<{ path: string; expiresAtMs: number }> {
  const token = newToken();
  await db.query('DELETE FROM sign_in_link WHERE user_id = $1', [userId]);
  const { rows } = await db.query<{ expires_at: Date }>(
    `INSERT INTO sign_in_link (token_hash, user_id, expires_at)
     VALUES ($1, $2, now() + interval '24 hours') RETURNING expires_at`,
    [tokenHash(token), userId],
  );
  const expiresAtMs = rows[0]?.expires_at.getTime() ?? 0;
  return { path: `/sign-in?token=${token}`, expiresAtMs };
}

/** Uses a link up; null when it is unknown, used or expired. */
export async function redeemSignInLink(db: Queryable, token: string): Promise<string | null> {
  const { rows } = await db.query<{ user_id: string }>(
    `UPDATE sign_in_link SET used_at = now()
     WHERE token_hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING user_id`,
    [tokenHash(token)],
  );
  return rows[0]?.user_id ?? null;
}
