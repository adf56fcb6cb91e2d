import cookie from '@fastify/cookie';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ErrorFilter } from './api/http/errors.ts';
import { appModule } from './app.module.ts';
import type { Config } from './config.ts';
import { type Logger, nestLogger } from './platform/logger.ts';

const BODY_LIMIT_BYTES = 1 << 20;

/** The whole controller, not listening yet. */
export async function createApp(config: Config, logger: Logger): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    // A slow client must not hold the shutdown or a socket for ever.
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    trustProxy: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(appModule(config, logger), adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  await app.register(cookie);
  app.useGlobalFilters(new ErrorFilter(logger));
  return app;
}
