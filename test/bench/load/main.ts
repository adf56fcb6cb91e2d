/**
 * Sends made-up traces to anything that takes OTLP, at a given rate or as fast as it takes them.
 * `node --conditions=@flyball/source test/bench/load/main.ts --help`
 */
import { parseArgs } from 'node:util';
import type { LoadCounters } from '../../support/load/counters.ts';
import { type Load, type LoadOptions, startLoad } from '../../support/load/load.ts';

const HELP = `Sends made-up traces over OTLP: requests of 512 spans with ids of their own.

  --target URL         receiver, e.g. http://127.0.0.1:4317 (required)
  --protocol NAME      grpc or http (protobuf)                     [grpc]
  --shape NAME         whole: a trace in one request; scattered: each of its spans in
                       another request from another service        [whole]
  --rate N             spans per second; without it, as many as the receiver takes
  --seconds N          ends after so long                          [until Ctrl-C]
  --spans N            ends after so many spans
  --trace-size N       spans of a trace                            [4]
  --concurrency N      requests in flight                          [16]
  --connections N      HTTP/2 connections (gRPC)                   [4]
  --attempts N         tries of a request before it is given up    [10]
  --seed N             other attributes and durations              [1]
  --json               one JSON line a second, the last one with "final": true
  --help
`;

const PROGRESS_MS = 1000;

function options(): (LoadOptions & { json: boolean }) | undefined {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      target: { type: 'string' },
      protocol: { type: 'string', default: 'grpc' },
      shape: { type: 'string', default: 'whole' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      rate: number,
      seconds: number,
      spans: number,
      'trace-size': number,
      concurrency: number,
      connections: number,
      attempts: number,
      seed: number,
    },
  });
  if (values.help) return undefined;
  const { target, protocol, shape } = values;
  if (target === undefined) throw new Error('--target is missing; see --help');
  if (!URL.canParse(target)) throw new Error(`--target: "${target}" is no address`);
  if (protocol !== 'grpc' && protocol !== 'http') {
    throw new Error(`--protocol: "${protocol}" is neither grpc nor http`);
  }
  if (shape !== 'whole' && shape !== 'scattered') {
    throw new Error(`--shape: "${shape}" is neither whole nor scattered`);
  }
  const given = Object.entries({
    rate: positive('rate', values.rate),
    durationMs: positive('seconds', values.seconds, 1000),
    maxSpans: positive('spans', values.spans),
    spansPerTrace: positive('trace-size', values['trace-size']),
    concurrency: positive('concurrency', values.concurrency),
    connections: positive('connections', values.connections),
    maxAttempts: positive('attempts', values.attempts),
    seed: positive('seed', values.seed),
  }).filter(([, value]) => value !== undefined);
  return { target, protocol, shape, json: values.json, ...Object.fromEntries(given) };
}

function positive(name: string, text: string | undefined, factor = 1): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`--${name}: "${text}" is no number above 0`);
  return value * factor;
}

function line(now: LoadCounters, before: LoadCounters | undefined): string {
  const ms = now.elapsedMs - (before?.elapsedMs ?? 0);
  const perSecond = (key: 'accepted' | 'spans') =>
    Math.round(((now[key] - (before?.[key] ?? 0)) * 1000) / ms).toLocaleString('en');
  const rest = (['rejected', 'postponed', 'retried', 'lost', 'unanswered', 'skipped'] as const)
    .filter((key) => now[key] > 0)
    .map((key) => `, ${key} ${now[key].toLocaleString('en')}`);
  return `${perSecond('spans')} spans/s sent, ${perSecond('accepted')} accepted${rest.join('')}`;
}

function summary(counters: LoadCounters): string {
  const { elapsedMs, spans, bytes, requests, latencyMs, reasons } = counters;
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const { user, system } = process.cpuUsage();
  const lines = [
    `${spans.toLocaleString('en')} spans in ${(elapsedMs / 1000).toFixed(1)} s`,
    line(counters, undefined),
    `${requests} requests, ${((bytes / requests) | 0).toLocaleString('en')} bytes each`,
    `answers: p50 ${ms(latencyMs.p50)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}`,
    `CPU of this loader: ${((user + system) / spans).toFixed(2)} us per span`,
    ...Object.entries(reasons).map(([why, times]) => `${times} x ${why}`),
  ];
  return `${lines.join('\n')}\n`;
}

async function drive(load: Load, json: boolean): Promise<void> {
  let before: LoadCounters | undefined;
  const timer = setInterval(() => {
    const now = load.counters();
    process.stdout.write(json ? `${JSON.stringify(now)}\n` : `${line(now, before)}\n`);
    before = now;
  }, PROGRESS_MS);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => load.stop());
  // Whoever started this process and died can no longer stop it.
  process.once('disconnect', () => load.stop());
  const counters = await load.done;
  clearInterval(timer);
  const last = JSON.stringify({ ...counters, final: true });
  process.stdout.write(json ? `${last}\n` : `\n${summary(counters)}`);
}

async function main(): Promise<number> {
  const chosen = options();
  if (chosen === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  const { json, ...rest } = chosen;
  await drive(startLoad(rest), json);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`load: ${error.message}\n`);
    process.exit(1);
  },
);
