import { z } from 'zod';
import { epochMs, role } from './common.ts';

export const user = z.object({
  id: z.string(),
  username: z.string(),
  role,
  mustChangePassword: z.boolean(),
});
export type User = z.infer<typeof user>;

/** GET /api/auth/session. The CSRF token goes into `X-CSRF-Token` of every mutation. */
export const session = z.object({
  user: user.nullable(),
  csrfToken: z.string(),
  expiresAtMs: epochMs.nullable(),
});
export type Session = z.infer<typeof session>;

/** POST /api/auth/sign-in */
export const signInRequest = z.object({ username: z.string().min(1), password: z.string().min(1) });
/** POST /api/auth/redeem: a one-time link's token becomes a session. */
export const redeemRequest = z.object({ token: z.string().min(1) });
/** POST /api/auth/password: sets the signed-in user's own password. */
export const passwordRequest = z.object({
  currentPassword: z.string().optional(),
  newPassword: z.string().min(12).max(256),
});

/** GET, POST /api/users; PATCH, DELETE /api/users/:id (admin only). */
export const createUserRequest = z.object({
  username: z.string().regex(/^[a-z0-9][a-z0-9._-]{1,62}$/),
  role,
});
/** A new user signs in once with this link and then chooses a password. */
export const createdUser = z.object({ user, signInPath: z.string(), expiresAtMs: epochMs });
export const updateUserRequest = z.object({
  role: role.optional(),
  resetPassword: z.boolean().optional(),
});
export const userList = z.object({ users: z.array(user) });
export type UserList = z.infer<typeof userList>;
