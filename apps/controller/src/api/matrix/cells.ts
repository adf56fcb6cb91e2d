import type { MatrixCell, Mode, Policy, Verdict } from '@flyball/contract';
import { errorBudget } from '@flyball/control';
import {
  type DependencyFigures,
  errorRatioOf,
  type RedFigures,
  type ServiceFigures,
} from '../figures/figures.ts';

/** A page's burn rate: the budget of 30 days gone in two. */
const PAGE_BURN = 14.4;
const ERROR_WARN = 0.01;
const ERROR_BAD = 0.05;
const SATURATION_WARN = 0.8;
const SATURATION_BAD = 0.95;
/** Calls in five minutes below which a dependency is not judged. */
const FEW_CALLS = 10;

type Objectives = Policy['objectives'];

interface Judged {
  readonly verdict: Verdict;
  readonly threshold: string | null;
}

const blank = { detail: null, origin: null, exempt: null };

export const percent = (ratio: number) =>
  `${Number((ratio * 100).toPrecision(ratio >= 0.1 ? 3 : 2))} %`;
const millis = (ms: number) =>
  ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`;
const rate = (perSecond: number) =>
  `${perSecond >= 10 ? Math.round(perSecond) : perSecond.toFixed(1)}/s`;

function noData(unit: string, strip: MatrixCell['strip'], stripVerdicts: Verdict[]): MatrixCell {
  const detail = 'no requests seen in the last minute';
  const value = null;
  const display = 'no data';
  const threshold = null;
  return {
    ...blank,
    value,
    unit,
    display,
    verdict: 'unknown',
    threshold,
    detail,
    strip,
    stripVerdicts,
  };
}

/** p99 against the objective; without one there is a value but no judgement of it. */
export function latencyCell(figures: ServiceFigures, objectives: Objectives | null): MatrixCell {
  const limitMs = objectives?.latency?.p99 ?? null;
  const judge = (ms: number | null): Judged => {
    if (ms === null) return { verdict: 'unknown', threshold: null };
    if (limitMs === null) return { verdict: 'ok', threshold: null };
    const sign = ms > limitMs ? '>' : '≤';
    const threshold = `${millis(ms)} ${sign} ${millis(limitMs)}`;
    return { verdict: ms > limitMs ? 'bad' : ms > 0.9 * limitMs ? 'warn' : 'ok', threshold };
  };
  const strip = figures.minutes.map((minute) => minute?.p99Ms ?? null);
  const stripVerdicts = strip.map((ms) => judge(ms).verdict);
  const value = figures.now?.p99Ms ?? null;
  if (value === null) return noData('ms', strip, stripVerdicts);
  const detail = limitMs === null ? 'no latency objective is set' : null;
  const display = `p99 ${millis(value)}`;
  return { ...blank, value, unit: 'ms', display, ...judge(value), detail, strip, stripVerdicts };
}

/** Requests a second; a service that was busy and has fallen silent is bad news. */
export function trafficCell(figures: ServiceFigures): MatrixCell {
  const strip = figures.minutes.map((minute) => (minute === null ? null : minute.count / 60));
  const known = strip.filter((value) => value !== null).sort((a, b) => a - b);
  const usual = known[Math.floor(known.length / 2)] ?? 0;
  const stripVerdicts = strip.map((value): Verdict => (value === null ? 'unknown' : 'ok'));
  if (figures.now === null) return noData('1/s', strip, stripVerdicts);
  const value = figures.now.count / 60;
  const quiet = usual >= 1 && value < usual / 10;
  const threshold = quiet ? `${rate(value)} < a tenth of the usual ${rate(usual)}` : null;
  const verdict = quiet ? 'bad' : 'ok';
  return {
    ...blank,
    value,
    unit: '1/s',
    display: rate(value),
    verdict,
    threshold,
    strip,
    stripVerdicts,
  };
}

function errorLimits(objectives: Objectives | null): { warn: number; bad: number } {
  const objective = objectives?.availability;
  if (objective === undefined) return { warn: ERROR_WARN, bad: ERROR_BAD };
  const allowed = 1 - objective;
  return { warn: allowed, bad: Math.min(0.5, allowed * PAGE_BURN) };
}

function judgeRatio(ratio: number | null, limits: { warn: number; bad: number }): Judged {
  if (ratio === null) return { verdict: 'unknown', threshold: null };
  if (ratio >= limits.bad) {
    return { verdict: 'bad', threshold: `${percent(ratio)} ≥ ${percent(limits.bad)}` };
  }
  const threshold = `${percent(ratio)} ${ratio > limits.warn ? '>' : '≤'} ${percent(limits.warn)}`;
  return { verdict: ratio > limits.warn ? 'warn' : 'ok', threshold };
}

/** Share of failed requests, with the service in which the failures begin. */
export function errorsCell(
  figures: ServiceFigures,
  objectives: Objectives | null,
  origin: string | null,
): MatrixCell {
  const limits = errorLimits(objectives);
  const strip = figures.minutes.map((minute) => errorRatioOf(minute));
  const stripVerdicts = strip.map((ratio) => judgeRatio(ratio, limits).verdict);
  const value = errorRatioOf(figures.now);
  if (value === null) return noData('ratio', strip, stripVerdicts);
  const judged = judgeRatio(value, limits);
  const elsewhere = judged.verdict !== 'ok' && origin !== null && origin !== figures.service;
  const detail = elsewhere ? `the errors begin in ${origin}` : null;
  // Errors of its own need no pointing at.
  const shown = elsewhere ? origin : null;
  const display = percent(value);
  return {
    value,
    unit: 'ratio',
    display,
    ...judged,
    detail,
    origin: shown,
    strip,
    stripVerdicts,
    exempt: null,
  };
}

export function saturationCell(figures: ServiceFigures, policy: Policy | null): MatrixCell {
  const signal = policy?.observe.saturation ?? null;
  const warn = policy?.loops.replicas?.hysteresis?.up ?? SATURATION_WARN;
  const limits = { warn, bad: Math.max(SATURATION_BAD, warn) };
  const strip = [...figures.saturation];
  const stripVerdicts = strip.map((value) => judgeRatio(value, limits).verdict);
  // The running minute may have no sample yet.
  const value = strip.at(-1) ?? strip.at(-2) ?? null;
  if (value === null) {
    const cell = noData('ratio', strip, stripVerdicts);
    const missing = `no samples of ${signal ?? 'a gauge'} in the last minutes`;
    return { ...cell, detail: signal === null ? 'no policy names a gauge for it' : missing };
  }
  const judged = judgeRatio(value, limits);
  return {
    ...blank,
    value,
    unit: 'ratio',
    display: percent(value),
    ...judged,
    strip,
    stripVerdicts,
  };
}

const sick = ({ count, errors }: DependencyFigures) =>
  count >= FEW_CALLS && errors / count >= ERROR_BAD;

export function dependenciesCell(figures: ServiceFigures, origin: string | null): MatrixCell {
  const strip = [...figures.dependencyErrors];
  const limits = { warn: ERROR_WARN, bad: ERROR_BAD };
  const stripVerdicts = strip.map((ratio) => judgeRatio(ratio, limits).verdict);
  const all = figures.dependencies;
  if (all.length === 0) {
    const detail = 'it called nobody in the last five minutes';
    return { ...noData('services', strip, stripVerdicts), display: 'none', detail };
  }
  const bad = all.filter(sick).sort((a, b) => b.errors / b.count - a.errors / a.count);
  const value = all.length - bad.length;
  const worst = bad[0];
  const display = `${value} of ${all.length} healthy`;
  if (worst === undefined) {
    return {
      ...blank,
      value,
      unit: 'services',
      display,
      verdict: 'ok',
      threshold: null,
      strip,
      stripVerdicts,
    };
  }
  const ratio = percent(worst.errors / worst.count);
  return {
    value,
    unit: 'services',
    display,
    verdict: 'bad',
    threshold: `${worst.callee} ${ratio} ≥ ${percent(ERROR_BAD)}`,
    detail: `calls to ${worst.callee} fail (${ratio} of ${worst.count} in five minutes)`,
    origin: origin ?? worst.callee,
    exempt: null,
    strip,
    stripVerdicts,
  };
}

export interface BudgetView {
  readonly remainingRatio: number;
  readonly timeToExhaustionMs: number | null;
}

/** What is left of the error budget; null without an availability objective or any traffic. */
export function budgetOf(
  figures: ServiceFigures,
  objectives: Objectives | null,
): BudgetView | null {
  const objective = objectives?.availability;
  if (objective === undefined || objectives === null || figures.slo.total === 0) return null;
  const hourly = figures.lastHour;
  const burnRate = hourly.total === 0 ? null : hourly.errors / hourly.total / (1 - objective);
  return errorBudget({ objective, windowMs: objectives.window, ...figures.slo, burnRate });
}

export function budgetCell(figures: ServiceFigures, objectives: Objectives | null): MatrixCell {
  const allowed = 1 - (objectives?.availability ?? 1);
  const burn = (minute: RedFigures | null) => {
    const ratio = errorRatioOf(minute);
    return ratio === null || allowed === 0 ? null : ratio / allowed;
  };
  const strip = figures.minutes.map(burn);
  const stripVerdicts = strip.map((value): Verdict => {
    if (value === null) return 'unknown';
    return value >= PAGE_BURN ? 'bad' : value > 1 ? 'warn' : 'ok';
  });
  const budget = budgetOf(figures, objectives);
  if (budget === null) {
    const detail = 'no availability objective is set, or no request was seen';
    return { ...noData('ratio', strip, stripVerdicts), display: 'no budget', detail };
  }
  const value = budget.remainingRatio;
  const verdict = value <= 0 ? 'bad' : value < 0.25 ? 'warn' : 'ok';
  const threshold =
    verdict === 'ok' ? null : `${percent(value)} left ${value <= 0 ? '≤ 0' : '< 25 %'}`;
  const display = value < 0 ? `${percent(-value)} over` : `${percent(value)} left`;
  return { ...blank, value, unit: 'ratio', display, verdict, threshold, strip, stripVerdicts };
}

const MODE_VERDICT: Readonly<Record<Mode, Verdict>> = {
  target: 'ok',
  recovery: 'warn',
  degraded: 'bad',
  floor: 'bad',
};
const MODE_RANK: Readonly<Record<Mode, number>> = { target: 0, recovery: 1, degraded: 2, floor: 3 };

export function modeCell(
  figures: ServiceFigures,
  now: { mode: Mode; cause: string | null } | null,
): MatrixCell {
  const strip = figures.modes.map((mode) => (mode === null ? null : MODE_RANK[mode]));
  const stripVerdicts = figures.modes.map(
    (mode): Verdict => (mode === null ? 'unknown' : MODE_VERDICT[mode]),
  );
  if (now === null) {
    const detail = 'no policy steers this service, or its evidence is stale';
    return { ...noData('mode', strip, stripVerdicts), display: 'none', detail };
  }
  const verdict = MODE_VERDICT[now.mode];
  const value = MODE_RANK[now.mode];
  const display = now.mode;
  return {
    ...blank,
    value,
    unit: 'mode',
    display,
    verdict,
    threshold: null,
    detail: verdict === 'ok' ? null : now.cause,
    strip,
    stripVerdicts,
  };
}
