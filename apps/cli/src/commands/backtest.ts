import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDuration } from '@flyball/contract';
import { type ClickHouseClient, clickhouseClient } from '@flyball/store';
import { metricOf, readRecording } from '../backtest/read-recording.ts';
import { replay } from '../backtest/replay.ts';
import { differencesOf, textOf as reportText, summaryOf } from '../backtest/report.ts';
import { type Command, CommandError, type Invocation } from '../command.ts';
import { operandOf, textOf, wholeOf } from '../options.ts';
import { readSteering } from '../policy/read-policy.ts';

/** Spans wait in SDKs and collectors: the newest windows hold a part of what they will. */
const SETTLED_MS = 20_000;
const USAGE = 'backtest POLICY [--from TIME] [--to TIME] [--clickhouse URL]';
const TIMEOUT_MS = 120_000;

/** `flyball backtest`: a policy in shadow over what was recorded. */
export const backtest: Command = {
  name: 'backtest',
  usage: USAGE,
  summary: 'replay what ClickHouse recorded through a policy, and say what it would have done',
  help: `The policy sees, turn by turn, what was to be seen of its service then (flyball_red and the
gauge of observe.saturation), at the number of replicas there really was (flyball_loop_samples;
where a controller noted none, as many as reported). It changes nothing: whether its wish would
have helped, only flyball simulate can say.

  --from TIME        2026-11-21T08:00:00Z, or how long ago: 6h [1h]
  --to TIME          the same [20s ago: what is newer is not all recorded yet]
  --clickhouse URL   http://user:password@host:port/database [CLICKHOUSE_URL, or the embedded one
                     of FLYBALL_DATA_DIR (.flyball), FLYBALL_CLICKHOUSE_PORT (8123)]
  --most N           differences shown [20]
  --json             everything as JSON

Exit code 0; 1 when ClickHouse cannot be asked, or recorded nothing of the service in that time.`,
  options: {
    from: { type: 'string' },
    to: { type: 'string' },
    clickhouse: { type: 'string' },
    most: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(invocation) {
    const { options, environment, out } = invocation;
    const steering = readSteering(operandOf(invocation, 'policy', USAGE), environment);
    const nowMs = Date.now();
    const toMs = instantOf(options, 'to', nowMs, nowMs - SETTLED_MS);
    const fromMs = instantOf(options, 'from', nowMs, toMs - 3_600_000);
    if (fromMs >= toMs) throw new CommandError('--from must be before --to');
    const most = wholeOf(options, 'most', { least: 1, most: 10_000, fallback: 20 });
    const { policy, everyMs } = steering;
    const { service, observe, objectives } = policy;
    const recording = await record(urlOf(invocation), {
      service,
      metric: metricOf(observe.saturation),
      // The first turn looks back as far as any other.
      fromMs: fromMs - observe.window,
      toMs,
    });
    const turns = replay(recording, steering, { fromMs, toMs });
    if (turns.length === 0) throw nothingRecorded(service, fromMs, toMs);
    const objectiveMs = objectives.latency?.p99 ?? null;
    const summary = summaryOf(turns, { everyMs, objectiveMs });
    if (options.json === true) {
      const { name } = policy;
      const differences = differencesOf(turns);
      out(JSON.stringify({ policy: name, service, fromMs, toMs, summary, differences, turns }));
      return 0;
    }
    out(`${policy.name} (${steering.governor.law.kind}) in shadow over ${service}`);
    out('');
    for (const line of reportText(turns, summary, { everyMs, most })) out(line);
    return 0;
  },
};

async function record(
  { url, from }: { readonly url: string; readonly from: string },
  asked: Parameters<typeof readRecording>[1],
): ReturnType<typeof readRecording> {
  let clickhouse: ClickHouseClient | undefined;
  try {
    clickhouse = clickhouseClient(url, {
      application: 'flyball backtest',
      requestTimeoutMs: TIMEOUT_MS,
    });
    return await readRecording(clickhouse, asked);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    throw new CommandError(
      `ClickHouse could not be asked at ${withoutPassword(url)} (${from}): ${why || message}`,
      'does it run? name another with --clickhouse URL or CLICKHOUSE_URL',
    );
  } finally {
    await clickhouse?.close();
  }
}

function nothingRecorded(service: string, fromMs: number, toMs: number): CommandError {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return new CommandError(
    `nothing is recorded of the service ${service} from ${from} to ${to}: ` +
      'is this its service.name, and did it send spans then?',
  );
}

/** An instant, or how long ago it was. */
function instantOf(
  options: Invocation['options'],
  name: string,
  nowMs: number,
  fallback: number,
): number {
  const text = textOf(options, name);
  if (text === undefined) return fallback;
  if (text === 'now') return nowMs;
  const ago = parseDuration(text);
  if (ago.ok) return nowMs - ago.value;
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs)) return atMs;
  throw new CommandError(
    `--${name} ${text}: write an instant like 2026-11-21T08:00:00Z, or how long ago, like 6h`,
  );
}

/** Where ClickHouse is, and who says so. */
function urlOf({ options, environment }: Invocation): { url: string; from: string } {
  const given = textOf(options, 'clickhouse');
  if (given !== undefined) return { url: checked(given, '--clickhouse'), from: '--clickhouse' };
  const set = environment.CLICKHOUSE_URL;
  if (set) return { url: checked(set, 'CLICKHOUSE_URL'), from: 'CLICKHOUSE_URL' };
  const port = environment.FLYBALL_CLICKHOUSE_PORT || '8123';
  const file = join(environment.FLYBALL_DATA_DIR || '.flyball', 'clickhouse-password');
  const password =
    environment.FLYBALL_CLICKHOUSE_PASSWORD ||
    (existsSync(file) ? readFileSync(file, 'utf8').trim() : '');
  const user = password === '' ? '' : `flyball:${encodeURIComponent(password)}@`;
  return { url: `http://${user}127.0.0.1:${port}`, from: 'the embedded one' };
}

function checked(url: string, from: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new CommandError(`${from} ${url}: write it like http://user:password@host:8123/database`);
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  parsed.password = '';
  parsed.username = '';
  return parsed.toString();
}
