import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createLogger } from './platform/logger.ts';
import { messageOf } from './platform/stores.ts';

/** Longer than this and the process ends without the rest of its goodbyes. */
const GRACE_MS = 7_000;

async function main(): Promise<void> {
  const instanceId = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const config = readConfig(process.env, instanceId);
  const logger = createLogger(config.logLevel);
  const app = await createApp(config, logger);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error('did not stop in time');
      process.exit(1);
    }, GRACE_MS).unref();
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ error }, 'did not stop cleanly');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  process.on('unhandledRejection', (error) => logger.error({ error }, 'unhandled rejection'));
  await app.listen({ host: config.host, port: config.port });
  logger.info({ url: await app.getUrl() }, 'controller listens');
}

main().catch((error: unknown) => {
  process.stderr.write(`controller: ${messageOf(error)}\n`);
  process.exit(1);
});
