/** `main.js start|demo` brings Flyball up, keeps it up, takes it down; see bootstrap --help. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { acquireDataLock, type DataLock, DirectoryBusyError } from '@flyball/lifecycle';
import { holderOf, isFree } from './busy-port.ts';
import { Console } from './console.ts';
import { dashboardUrl, greeting } from './greeting.ts';
import { type Options, PORT_RULES, readOptions } from './options.ts';
import { type ProcessPlan, planOf } from './plan.ts';
import { readSecrets } from './secrets.ts';
import { Supervisor } from './supervisor.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** Ports somebody else holds, each with who and the cure. */
async function busyPorts(options: Options, plans: readonly ProcessPlan[]): Promise<string[]> {
  const names = plans.flatMap(({ ports }) => ports);
  const checks = names.map(async (name) => {
    const port = options.ports[name];
    if (await isFree(options.host, port)) return [];
    const holder = holderOf(port) ?? 'somebody';
    return [`port ${port} is taken by ${holder}: set ${PORT_RULES[name].variable}, or --port-base`];
  });
  return (await Promise.all(checks)).flat();
}

function lockOn(options: Options): DataLock {
  try {
    return acquireDataLock('Flyball', options.dataDir);
  } catch (error) {
    if (!(error instanceof DirectoryBusyError)) throw error;
    const url = error.note.url === undefined ? '' : ` See it at ${error.note.url}.`;
    throw new Error(`${error.message}${url}`);
  }
}

function stopOnSignals(supervisor: Supervisor, console: Console): void {
  let asked = 0;
  const stop = () => {
    asked += 1;
    if (asked > 1) return supervisor.kill();
    console.say('\nStopping ... (Ctrl-C again: at once)');
    supervisor.stop().then(
      () => process.exit(supervisor.startFailed ? 1 : 0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  // Whoever started us through `npm start` is gone: nobody is left to stop us.
  if (process.channel) process.on('disconnect', stop);
  process.channel?.unref();
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env, ROOT);
  const lock = lockOn(options);
  process.on('exit', () => lock.release());
  lock.note({ url: dashboardUrl(options) });
  const plans = planOf(options, readSecrets(options.dataDir, process.env));
  const busy = await busyPorts(options, plans);
  if (busy.length > 0) throw new Error(`${busy.join('\n         ')}`);
  const console = new Console(options);
  const supervisor = new Supervisor(plans, options, console);
  // Also after a start that failed: a file that is there means that somebody runs.
  process.on('exit', () => rmSync(runningFile(options), { force: true }));
  stopOnSignals(supervisor, console);
  const up = await supervisor.start((plan, state) => {
    console.progress(plan, state);
    note(options, supervisor);
  });
  // Told to stop while it came up: whoever told it ends the process.
  if (!up) return;
  console.say(await greeting(options));
  console.upAndRunning();
  supervisor.onChange = () => note(options, supervisor);
  note(options, supervisor);
}

function runningFile(options: Options): string {
  return join(options.dataDir, 'running.json');
}

/** Restarts change ids: whoever looks for one reads this file. */
function note(options: Options, supervisor: Supervisor): void {
  const { dataDir, ports } = options;
  const content = {
    supervisor: process.pid,
    dashboard: dashboardUrl(options),
    dataDir,
    ports,
    processes: supervisor.processes(),
  };
  const draft = `${runningFile(options)}.new`;
  writeFileSync(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, runningFile(options));
}

main().catch((error: unknown) => {
  process.stderr.write(`flyball: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
