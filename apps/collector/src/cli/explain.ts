import { type SamplingDecision, samplingDecision } from '@flyball/contract';
import type { Command, Invocation } from './command.ts';

const TIMEOUT_MS = 10_000;
const UNKNOWN = 2;

/** `flyball-collector explain TRACE_ID`: asks a running collector. */
export const explain: Command = {
  name: 'explain',
  usage: 'explain TRACE_ID [--url URL] [--json]',
  summary: 'ask a running collector why a trace was kept or dropped',
  help: `Says which rule decided, with which probability and why, and of each rule before it which
condition did not hold. Of a trace that still waits it says how it would be decided now.

  --url URL   the collector's HTTP port [http://127.0.0.1:FLYBALL_OTLP_HTTP_PORT, 4318]
  --json      as JSON

A collector with a FLYBALL_GUARD_TOKEN wants the same token here. It remembers the last
sampling.explain.remember decisions (50000). Exit code 0; 2 when it does not know the trace; 1 when
it cannot be asked.`,
  options: { url: { type: 'string' }, json: { type: 'boolean' } },
  async run(invocation) {
    const { operands, options, out, err } = invocation;
    const [traceId] = operands;
    if (traceId === undefined || !/^[0-9a-f]{32}$/i.test(traceId)) {
      err(`${traceId ?? 'nothing'} is no trace id: 32 hex digits`);
      return 1;
    }
    const answer = await ask(invocation, traceId);
    if (typeof answer === 'string') {
      err(answer);
      return 1;
    }
    if (options.json === true) out(JSON.stringify(answer, null, 2));
    else for (const line of linesOf(answer)) out(line);
    return answer.state === 'unknown' ? UNKNOWN : 0;
  },
};

/** The answer, or why there is none. */
async function ask(
  { options, environment }: Invocation,
  traceId: string,
): Promise<SamplingDecision | string> {
  const port = environment.FLYBALL_OTLP_HTTP_PORT || '4318';
  const base = typeof options.url === 'string' ? options.url : `http://127.0.0.1:${port}`;
  const token = environment.FLYBALL_GUARD_TOKEN;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  try {
    const url = new URL(`/v1/flyball/decisions/${traceId}`, base);
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = await response.json();
    if (response.status === 401) return 'the collector wants its FLYBALL_GUARD_TOKEN';
    const parsed = samplingDecision.safeParse(body);
    if (parsed.success) return parsed.data;
    return `${base} answers ${response.status}, and no decision: is it a Flyball collector?`;
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? cause.message : message;
    return `no collector could be asked at ${base}: ${why || message}`;
  }
}

const TRIGGERS: Readonly<Record<string, string>> = {
  root: 'its root had come, and the delay was over',
  timeout: 'its time was over and no root had come',
  span_limit: 'it had as many spans as one trace may have',
  byte_limit: 'it was as large as one trace may be',
  evicted: 'the window was full',
  shutdown: 'the collector was stopped',
};

const at = (ms: number) => new Date(ms).toISOString();

function percent(probability: number): string {
  return `${Number((probability * 100).toPrecision(4))} %`;
}

function linesOf(decision: SamplingDecision): string[] {
  if (decision.state === 'unknown') return unknown(decision);
  const { keep, probability, rule, reason, trigger, rules, promoted } = decision;
  const waits = decision.state === 'waiting';
  const verdict = keep ? 'kept' : 'dropped';
  const by = rule === '' ? 'no rule matched' : `by ${rule} (${reason})`;
  const head = waits
    ? `still waits; now it would be ${verdict} ${by}`
    : `${verdict} ${by} at ${at(decision.atMs)}`;
  const why = trigger === null ? [] : [`decided because ${TRIGGERS[trigger] ?? trigger}`];
  return [
    `${decision.traceId}: ${head}`,
    ...(promoted === undefined
      ? []
      : [`brought back at ${at(promoted.atMs)} by ${promoted.by}: its rows count for nothing`]),
    `such traces are kept with probability ${percent(probability)}`,
    ...why,
    ...rules.map(
      (one) => `  ${one.matched ? 'matched    ' : 'not matched'} ${one.rule}: ${one.why}`,
    ),
    ...(reason === 'boost' ? [`  raised by   ${rule}`] : []),
  ];
}

function unknown({ traceId, remembered, sinceMs }: SamplingDecision & { state: 'unknown' }) {
  const since = sinceMs === null ? 'none has been made yet' : `the oldest is of ${at(sinceMs)}`;
  return [
    `${traceId}: not known here. Of the last ${remembered} decisions, ${since}: the trace was ` +
      'decided before that, or by another collector, or span by span under overload, or it never ' +
      'came.',
    'If it was kept, its rows say how: ot=th in TraceState, and SampleRate in SpanAttributes.',
  ];
}
