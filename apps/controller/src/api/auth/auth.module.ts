import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthController } from './auth.controller.ts';
import { AuthGuard } from './auth.guard.ts';
import { AUTHENTICATOR } from './authenticator.port.ts';
import { FirstAdmin } from './first-admin.ts';
import { SessionsService } from './sessions.service.ts';
import { UsersController } from './users.controller.ts';

@Global()
@Module({
  controllers: [AuthController, UsersController],
  providers: [
    SessionsService,
    FirstAdmin,
    { provide: AUTHENTICATOR, useExisting: SessionsService },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [AUTHENTICATOR],
})
export class AuthModule {}
