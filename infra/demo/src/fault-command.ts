import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { faultKind } from './manager/faults.ts';
import { type ControlFile, controlFile } from './manager/state-file.ts';

const TIMEOUT_MS = 5_000;
const USAGE = `usage: npm run demo -- fault <kind> [on|off] [options]
       npm run demo -- fault list

kinds:    ${faultKind.options.join(', ')}
options:  --service NAME     which service (default: checkout, or payments for dependency-down)
          --instance NAME    which instance (slow-instance: the first one)
          --magnitude N      factor of a surge or slowness, share of failing requests
          --how fail|refuse  how a dependency is down
          --for SECONDS      how long (default: 600)
          --data-dir DIR     of the running demo (default: .flyball)`;

/** A mistake of the caller, told without a stack. */
class UsageError extends Error {}

/** Runs `fault ...` against the demo that is running here. Returns the exit code. */
export async function faultCommand(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  try {
    console.log(await run(args, env));
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return error instanceof UsageError ? 2 : 1;
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const { values, positionals } = parse(args);
  const demo = findDemo(values['data-dir'] ?? env.FLYBALL_DATA_DIR ?? '.flyball');
  const [kind, onOff = 'on'] = positionals;
  if (kind === 'list') return listFaults(demo());
  const parsed = faultKind.safeParse(kind);
  if (!parsed.success || positionals.length > 2) throw new UsageError(USAGE);
  if (onOff === 'off') return switchOff(demo(), { ...values, kind: parsed.data });
  if (onOff !== 'on') throw new UsageError(`say on or off, not ${onOff}\n\n${USAGE}`);
  const { service, instance, how } = values;
  const body = {
    kind: parsed.data,
    ...(service === undefined ? {} : { service }),
    ...(instance === undefined ? {} : { instance }),
    ...(how === undefined ? {} : { how }),
    ...(values.magnitude === undefined ? {} : { magnitude: Number(values.magnitude) }),
    ...(values.for === undefined ? {} : { durationMs: Number(values.for) * 1_000 }),
  };
  const { fault } = (await ask(demo(), 'POST', '/faults', body)) as { fault: ListedFault };
  return `on: ${lineOf(fault)}`;
}

interface ListedFault {
  id: string;
  kind: string;
  service: string | null;
  instance: string | null;
  untilMs: number;
  text: string;
}

async function allFaults(demo: ControlFile): Promise<ListedFault[]> {
  return ((await ask(demo, 'GET', '/faults')) as { faults: ListedFault[] }).faults;
}

async function listFaults(demo: ControlFile): Promise<string> {
  const faults = await allFaults(demo);
  return faults.length === 0 ? 'no fault is on' : faults.map(lineOf).join('\n');
}

async function switchOff(
  demo: ControlFile,
  which: { kind: string; service?: string; instance?: string },
): Promise<string> {
  const matching = (await allFaults(demo)).filter(
    (fault) =>
      fault.kind === which.kind &&
      (which.service === undefined || fault.service === which.service) &&
      (which.instance === undefined || fault.instance === which.instance),
  );
  if (matching.length === 0) return `no fault ${which.kind} is on`;
  for (const fault of matching) await ask(demo, 'DELETE', `/faults/${fault.id}`);
  return matching.map((fault) => `off: ${fault.kind}, ${fault.text}`).join('\n');
}

function lineOf(fault: ListedFault): string {
  const secondsLeft = Math.max(0, Math.round((fault.untilMs - Date.now()) / 1_000));
  return `${fault.kind}, ${fault.text}, ends by itself in ${secondsLeft} s`;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        service: { type: 'string' },
        instance: { type: 'string' },
        magnitude: { type: 'string' },
        how: { type: 'string' },
        for: { type: 'string' },
        'data-dir': { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function findDemo(dataDir: string): () => ControlFile {
  const file = path.resolve(dataDir, 'demo', 'control.json');
  return () => {
    try {
      return controlFile.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      throw new Error('no demo is running here: start one with `npm run demo`');
    }
  };
}

async function ask(
  demo: ControlFile,
  method: string,
  pathname: string,
  body?: unknown,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(new URL(pathname, demo.url), {
      method,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  } catch {
    throw new Error(`the demo at ${demo.url} does not answer: start one with \`npm run demo\``);
  }
  if (response.status === 204) return null;
  const answer = (await response.json()) as { message?: string };
  if (!response.ok) throw new Error(answer.message ?? `the demo answered ${response.status}`);
  return answer;
}
