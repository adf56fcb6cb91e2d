import type { SamplingDecision } from '@flyball/contract';
import { type Boost, type BoostResult, boostName } from '../pipeline/boosts.ts';
import type { BoostInForce } from '../pipeline/sampling-control.ts';
import type { CheckReport, HealthReport } from '../self/health.ts';

/** What can be asked of a collector as a whole, however many workers it has. */
export interface Whole {
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  health(): Promise<HealthReport>;
  /** Why it should get no traffic, or undefined when it should. */
  notReady(): Promise<string | undefined>;
  boost(boost: Boost): Promise<BoostResult>;
  boosts(): Promise<readonly BoostInForce[]>;
  explain(traceId: string): Promise<SamplingDecision>;
}

/** Gauges of which every worker has the same: they do not add up. */
const SAME_EVERYWHERE = new Set(['flyball_collector_boosts', 'flyball_collector_members']);

/** What is promised is what the worker with the least can keep. */
const LEAST = new Set(['flyball_collector_ring_reach_seconds']);

/** Ages and loads are those of the worker that is worst off; the process is only one. */
function isWorst(family: string, kind: string): boolean {
  if (family.startsWith('process_') || SAME_EVERYWHERE.has(family)) return true;
  return kind === 'gauge' && /_(seconds|ratio|level|one_in)$/.test(family);
}

function mergeOf(family: string, kind: string): Family['merge'] {
  if (LEAST.has(family)) return Math.min;
  return isWorst(family, kind) ? Math.max : (left, right) => left + right;
}

interface Family {
  readonly head: string[];
  readonly merge: (left: number, right: number) => number;
  readonly series: Map<string, number>;
}

/** One text of all workers' metrics: counts are added up, of ages the highest stands. */
export function mergedMetrics(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) {
    let help = '';
    let family: Family | undefined;
    for (const line of text.split('\n')) {
      if (line.startsWith('# HELP ')) help = line;
      else if (line.startsWith('# TYPE ')) family = familyOf(families, help, line);
      else if (line !== '' && family !== undefined) addSample(family, line);
    }
  }
  const lines = [...families.values()].flatMap(({ head, series }) => [
    ...head,
    ...[...series].map(([name, value]) => `${name} ${valueText(value)}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function familyOf(families: Map<string, Family>, help: string, type: string): Family {
  const [, , name = '', kind = ''] = type.split(' ');
  const known = families.get(name);
  if (known !== undefined) return known;
  const family = { head: [help, type], merge: mergeOf(name, kind), series: new Map() };
  families.set(name, family);
  return family;
}

function addSample({ series, merge }: Family, line: string): void {
  const at = line.lastIndexOf(' ');
  const name = line.slice(0, at);
  const value = numberOf(line.slice(at + 1));
  const before = series.get(name);
  if (before === undefined) series.set(name, value);
  else series.set(name, merge(before, value));
}

function numberOf(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

const ORDER = ['healthy', 'degraded', 'unhealthy'] as const;

/** One report of all workers': a check fails where it fails in one of them, and says in which. */
export function mergedHealth(reports: readonly HealthReport[]): HealthReport {
  const checks = new Map<string, CheckReport>();
  reports.forEach(({ checks: ofWorker }, worker) => {
    for (const check of ofWorker) {
      const named =
        check.status === 'pass'
          ? check
          : { ...check, message: `worker ${worker}: ${check.message}` };
      const known = checks.get(check.name);
      checks.set(check.name, known === undefined ? named : worse(known, named));
    }
  });
  const worst = Math.max(0, ...reports.map(({ status }) => ORDER.indexOf(status)));
  return { status: ORDER[worst] ?? 'unhealthy', checks: [...checks.values()] };
}

/**
 * The report with checks that are not of any one worker; none of them is critical. One that the
 * workers have too says what all of them say.
 */
export function withChecks(report: HealthReport, more: readonly CheckReport[]): HealthReport {
  const failed = more.some(({ status }) => status === 'fail');
  const status = failed && report.status === 'healthy' ? 'degraded' : report.status;
  const checks = new Map(report.checks.map((check) => [check.name, check]));
  for (const check of more) {
    const known = checks.get(check.name);
    checks.set(check.name, known === undefined ? check : worse(known, check));
  }
  return { status, checks: [...checks.values()] };
}

/** The boosts that all workers have, and what all of them have kept because of each. */
export function mergedBoosts(lists: readonly (readonly BoostInForce[])[]): BoostInForce[] {
  const boosts = new Map<string, BoostInForce>();
  for (const { kept, ...boost } of lists.flat()) {
    const key = boostName(boost);
    const before = boosts.get(key)?.kept ?? { traces: 0, spans: 0, bytes: 0 };
    const sum = {
      traces: before.traces + kept.traces,
      spans: before.spans + kept.spans,
      bytes: before.bytes + kept.bytes,
    };
    boosts.set(key, { ...boost, kept: sum });
  }
  return [...boosts.values()];
}

/**
 * What the worker says that has the trace. When none has: how many decisions all of them remember,
 * and since when each of them does.
 */
export function mergedDecision(answers: readonly SamplingDecision[]): SamplingDecision {
  const known = answers.find(({ state }) => state !== 'unknown');
  if (known !== undefined) return known;
  const unknown = answers.filter((answer) => answer.state === 'unknown');
  const since = unknown.map(({ sinceMs }) => sinceMs).filter((sinceMs) => sinceMs !== null);
  return {
    state: 'unknown',
    traceId: unknown[0]?.traceId ?? '',
    remembered: unknown.reduce((sum, { remembered }) => sum + remembered, 0),
    sinceMs: since.length === 0 ? null : Math.max(...since),
  };
}

function worse(left: CheckReport, right: CheckReport): CheckReport {
  const message = [left.message, right.message].filter((text) => text !== '').join('; ');
  return {
    ...left,
    status: left.status === 'fail' || right.status === 'fail' ? 'fail' : 'pass',
    message,
    tookMs: Math.max(left.tookMs, right.tookMs),
  };
}
