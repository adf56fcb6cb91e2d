import {
  type createdUser,
  createUserRequest,
  type User,
  type UserList,
  updateUserRequest,
} from '@flyball/contract';
import { inTransaction } from '@flyball/store';
import { Body, Controller, Delete, Get, Inject, Param, Patch, Post } from '@nestjs/common';
import type pg from 'pg';
import type { z } from 'zod';
import { AuditService } from '../../audit/audit.service.ts';
import { PG_POOL } from '../../platform/tokens.ts';
import { ApiException } from '../http/errors.ts';
import { ZodPipe } from '../http/zod.pipe.ts';
import { CurrentUser, Roles } from './access.ts';
import { actorOf, type Principal } from './principal.ts';
import { SessionsService } from './sessions.service.ts';
import {
  allUsers,
  countOtherAdmins,
  createSignInLink,
  deleteUser,
  insertUser,
  publicUser,
  type StoredUser,
  setPassword,
  setRole,
  userById,
} from './users.repository.ts';

type Invitation = z.output<typeof createdUser>;

/** Who has access. Admins only. */
@Controller('api/users')
@Roles('admin')
export class UsersController {
  constructor(
    @Inject(PG_POOL) private readonly pool: pg.Pool,
    @Inject(SessionsService) private readonly sessions: SessionsService,
    @Inject(AuditService) private readonly audit: AuditService,
  ) {}

  @Get()
  async list(): Promise<UserList> {
    return { users: (await allUsers(this.pool)).map(publicUser) };
  }

  /** The answer holds a link that signs in once; it is shown to nobody again. */
  @Post()
  create(
    @Body(new ZodPipe(createUserRequest)) body: z.output<typeof createUserRequest>,
    @CurrentUser() principal: Principal,
  ): Promise<Invitation> {
    return inTransaction(this.pool, async (client) => {
      const user = await insertUser(client, body.username, body.role);
      if (user === null) {
        throw new ApiException(409, 'name-taken', `there is a user ${body.username} already`);
      }
      const detail = `invited ${user.username} as ${user.role}`;
      await this.#record(client, principal, 'user.create', user, detail);
      return this.#invite(client, user);
    });
  }

  /** Changes the role, or takes the password away and answers with a new link. */
  @Patch(':id')
  async update(
    @Param('id') id: string,
    @Body(new ZodPipe(updateUserRequest)) body: z.output<typeof updateUserRequest>,
    @CurrentUser() principal: Principal,
  ): Promise<Invitation | { user: User }> {
    const answer = await inTransaction(this.pool, async (client) => {
      const user = await this.#user(client, id);
      if (body.role !== undefined && body.role !== user.role) {
        if (user.role === 'admin') await this.#keepAnAdmin(client, id);
        await setRole(client, id, body.role);
        const detail = `${user.username}: ${user.role} becomes ${body.role}`;
        await this.#record(client, principal, 'user.role', user, detail);
      }
      if (body.resetPassword !== true) return { user: publicUser(await this.#user(client, id)) };
      await setPassword(client, id, null);
      await this.#record(
        client,
        principal,
        'user.reset',
        user,
        `reset ${user.username}'s password`,
      );
      return this.#invite(client, await this.#user(client, id));
    });
    await this.sessions.closeAll(id);
    return answer;
  }

  @Delete(':id')
  remove(@Param('id') id: string, @CurrentUser() principal: Principal): Promise<{ user: User }> {
    return inTransaction(this.pool, async (client) => {
      const user = await this.#user(client, id);
      if (user.role === 'admin') await this.#keepAnAdmin(client, id);
      await deleteUser(client, id);
      await this.#record(client, principal, 'user.remove', user, `removed ${user.username}`);
      return { user: publicUser(user) };
    });
  }

  async #invite(client: pg.PoolClient, user: StoredUser): Promise<Invitation> {
    const link = await createSignInLink(client, user.id);
    return { user: publicUser(user), signInPath: link.path, expiresAtMs: link.expiresAtMs };
  }

  async #user(client: pg.PoolClient, id: string): Promise<StoredUser> {
    const user = await userById(client, id);
    if (user === null) throw new ApiException(404, 'not-found', `there is no user ${id}`);
    return user;
  }

  async #keepAnAdmin(client: pg.PoolClient, id: string): Promise<void> {
    if ((await countOtherAdmins(client, id)) > 0) return;
    throw new ApiException(409, 'last-admin', 'this is the last admin: make another one first');
  }

  #record(
    client: pg.PoolClient,
    principal: Principal,
    action: string,
    user: StoredUser,
    detail: string,
  ): Promise<void> {
    return this.audit.recordIn(client, {
      actor: actorOf(principal),
      action,
      subject: user.id,
      detail,
    });
  }
}
