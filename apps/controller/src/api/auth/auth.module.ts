import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from './auth.guard.ts';
import { AUTHENTICATOR, refuseEverybody } from './authenticator.port.ts';

@Global()
@Module({
  providers: [
    { provide: AUTHENTICATOR, useValue: refuseEverybody },
    { provide: APP_GUARD, useClass: AuthGuard },
  ],
  exports: [AUTHENTICATOR],
})
export class AuthModule {}
