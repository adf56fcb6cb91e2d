import http from 'node:http';
import { pino } from 'pino';
import { faultCommand } from './fault-command.ts';
import { serveApi } from './manager/api.ts';
import { type DemoConfig, demoConfig, reachable } from './manager/config.ts';
import { loadControlPage } from './manager/page.ts';
import { ShopManager } from './manager/shop-manager.ts';

/** `main.js` runs the demo shop; `main.js fault ...` switches a fault of the running one. */
if (process.argv[2] === 'fault') {
  process.exitCode = await faultCommand(process.argv.slice(3), process.env);
} else {
  runShop();
}

function runShop(): void {
  const log = pino({ name: 'demo' });
  let config: DemoConfig;
  try {
    config = demoConfig(process.env);
  } catch (error) {
    log.fatal((error as Error).message);
    process.exit(2);
  }
  const { host, port, guardToken } = config;
  const shop = new ShopManager(config, log);
  const page = loadControlPage();
  const server = http.createServer((request, response) => {
    void serveApi({ shop, page, guardToken }, request, response);
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    const inUse = error.code === 'EADDRINUSE';
    const cure = inUse ? 'is in use: set FLYBALL_DEMO_PORT to another' : 'cannot be used';
    log.fatal({ err: error }, `port ${port} of ${host} ${cure}`);
    process.exit(1);
  });
  server.listen(port, host, () => {
    const address = server.address();
    const actual = typeof address === 'object' && address !== null ? address.port : port;
    const url = `http://${reachable(host)}:${actual}`;
    log.info({ url }, 'control page');
    shop.open(url);
  });

  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    log.info('closing the shop');
    server.close();
    server.closeAllConnections();
    void shop.close().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
