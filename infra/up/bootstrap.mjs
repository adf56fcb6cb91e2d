#!/usr/bin/env node
// Runs on any Node from 20 on with nothing installed: installs, finds the project's own Node,
// builds, and hands over. Everything else is TypeScript behind it.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const bin = join(root, 'node_modules', '.bin');
const stamp = join(root, 'node_modules', '.flyball-installed');
const VERBS = ['start', 'demo', 'test', 'fuzz', 'bench', 'flyball'];
const OLDEST_NODE = 20;
const OWN_NODE = 24;

const HELP = `Flyball: an autopilot for services, with an operator dashboard.

  npm start [-- OPTIONS]            Flyball on its embedded stores
  npm run demo [-- OPTIONS]         the same with the demo shop under load
  npm run demo -- fault KIND        switch a fault of the running demo on (… KIND off: off again)
  npm run flyball -- COMMAND        tries a policy first: simulate, tune, backtest, check, serve
  npm test [-- --project A,B] [-- FILTER]
  npm run bench [-- NAME]           measures; npm run bench -- --help tells more
  npm run bench:peers               the OpenTelemetry Collector beside it; needs Go
  npm run fuzz [-- --minutes 10] [--seed N] [--case N]

Options of start and demo:
  --data-dir DIR     where everything is kept            (FLYBALL_DATA_DIR, .flyball)
  --port-base N      dashboard N, controller N+1, OTLP gRPC N+2, OTLP HTTP N+3,
                     ClickHouse N+4, PostgreSQL N+5, demo N+10 and N+11
  --host ADDRESS     address to listen on                (FLYBALL_HOST, 127.0.0.1)
  --policies DIR     policy files                        (FLYBALL_POLICIES, policies/)
  --log-level LEVEL  error, warn, info or debug          (info)
  --json-logs        logs as they come, one JSON a line
  --no-build         use what was built before

Single ports: FLYBALL_DASHBOARD_PORT (3000), FLYBALL_CONTROLLER_PORT (4400),
FLYBALL_OTLP_GRPC_PORT (4317), FLYBALL_OTLP_HTTP_PORT (4318), FLYBALL_CLICKHOUSE_PORT (8123),
FLYBALL_POSTGRES_PORT (5432), FLYBALL_DEMO_PORT (4500), FLYBALL_DEMO_GATEWAY_PORT (4501).
Your own stores: CLICKHOUSE_URL, DATABASE_URL; then the embedded one stays off.
`;

function fail(message) {
  process.stderr.write(`flyball: ${message}\n`);
  process.exit(1);
}

const VERB = process.argv[2] ?? 'start';
/** The command's output is its user's; what we tell goes beside it. */
const isCommand = VERB === 'flyball';
const say = (text) => (isCommand ? process.stderr : process.stdout).write(`${text}\n`);
const majorOf = (version) => Number(version.replace(/^v/, '').split('.')[0]);

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

/** npm leaves its own record behind; it is as good as ours when it is newer than the lock file. */
function isInstalled() {
  if (existsSync(stamp)) return readFileSync(stamp, 'utf8') === lockHash();
  const record = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(record)) return false;
  return statSync(record).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function install() {
  if (isInstalled()) return;
  say('Installing packages (the first time takes a minute or two) ...');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [command, rest] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
  const stdio = ['ignore', isCommand ? 2 : 1, 2];
  const { status, error } = spawnSync(command, rest, { cwd: root, stdio });
  if (status !== 0) {
    fail(`npm ci failed (${error?.message ?? `exit code ${status}`}): see its output above`);
  }
  writeFileSync(stamp, lockHash());
}

/** The project's own Node from npm where there is one for this platform, else a new enough one. */
function findNode() {
  const own = join(bin, process.platform === 'win32' ? 'node.cmd' : 'node');
  if (existsSync(own)) {
    const { status, stdout } = spawnSync(own, ['--version'], { encoding: 'utf8' });
    if (status === 0 && majorOf(stdout) >= OWN_NODE) return own;
  }
  if (majorOf(process.version) >= OWN_NODE) return process.execPath;
  return fail(
    `there is no packaged Node for ${process.platform}-${process.arch}, and yours is ` +
      `${process.version}: install Node ${OWN_NODE} or newer and try again`,
  );
}

function environment() {
  return {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`,
    NX_DAEMON: 'false',
    NX_TUI: 'false',
    NX_NO_CLOUD: 'true',
    NEXT_TELEMETRY_DISABLED: '1',
  };
}

/** Builds what has changed; shows each part as it is done, and everything when one fails. */
function build(node, projects = []) {
  if (!isCommand) say('Building ...');
  const nx = join(root, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
  const only = projects.length === 0 ? [] : ['-p', ...projects];
  const args = [nx, 'run-many', '-t', 'build', ...only, '--outputStyle=stream'];
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, env: environment() });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (isCommand) return;
      for (const [, done] of String(chunk).matchAll(/✔\s+nx run (\S+):build/g)) say(`  ${done}`);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => fail(`the build cannot start: ${error.message}`));
    child.on('exit', (code) => {
      if (code === 0) return resolve();
      process.stderr.write(output);
      return fail('the build failed: see above');
    });
  });
}

/** Runs to its end with our terminal; signals are its to handle. The channel tells of our death. */
function handOver(node, args, cwd = root) {
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(node, args, { cwd, env: environment(), stdio });
  // The terminal sends Ctrl-C to the whole group: the child has it already.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

/** The command finds files from where its user stands; npm goes to the root. */
async function runCommand(node, args) {
  const where = process.env.INIT_CWD || process.cwd();
  if (!args.includes('--no-build')) await build(node, ['@flyball/cli']);
  const rest = args.filter((arg) => arg !== '--no-build');
  handOver(node, [join(root, 'apps', 'cli', 'dist', 'main.js'), ...rest], where);
}

async function main() {
  const verb = VERB;
  const args = process.argv.slice(3);
  const isHelp = [verb, ...args].some((arg) => arg === '--help' || arg === '-h');
  // The benches and the command have options of their own.
  if (isHelp && verb !== 'bench' && !isCommand) return say(HELP);
  if (!VERBS.includes(verb)) fail(`there is no "${verb}"; there are ${VERBS.join(', ')}`);
  if (majorOf(process.version) < OLDEST_NODE) {
    return fail(`Node ${process.version} is too old: ${OLDEST_NODE} or newer is needed`);
  }
  install();
  const node = findNode();
  if (isCommand) return runCommand(node, args);
  const source = ['--conditions=@flyball/source', '--disable-warning=ExperimentalWarning'];
  const isFault = verb === 'demo' && args[0] === 'fault';
  const isFromSource = verb === 'fuzz' || verb === 'bench';
  if (!args.includes('--no-build') && !isFault && !isFromSource) await build(node);
  const rest = args.filter((arg) => arg !== '--no-build');
  switch (verb) {
    case 'start':
      return handOver(node, [join('infra', 'up', 'dist', 'main.js'), 'start', ...rest]);
    case 'demo':
      return isFault
        ? handOver(node, [join('infra', 'demo', 'dist', 'main.js'), ...rest])
        : handOver(node, [join('infra', 'up', 'dist', 'main.js'), 'demo', ...rest]);
    case 'test':
      return handOver(node, [...source, join('test', 'run.ts'), ...rest]);
    case 'fuzz':
      return handOver(node, [...source, join('test', 'fuzz', 'main.ts'), ...rest]);
    case 'bench':
      return handOver(node, [...source, join('test', 'bench', 'run.ts'), ...rest]);
  }
}

await main();
