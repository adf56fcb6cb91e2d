import type { Knob } from '@flyball/contract';

/**
 * Numbers as a person reads them: three significant figures, a no-break space before the
 * unit, and a dash for "not known", never a zero.
 */

const gap = '\u00a0';
export const unknown = '–';

function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 100) return Math.round(value).toString();
  if (size >= 10) return trimZeros(value.toFixed(1));
  if (size >= 0.01) return trimZeros(value.toFixed(2));
  return value.toPrecision(2);
}

function trimZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function grouped(value: number): string {
  const text = significant(value);
  return /^-?\d{5,}$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, gap) : text;
}

export function formatNumber(value: number | null): string {
  return value === null ? unknown : grouped(value);
}

/** A duration given in milliseconds, from nanoseconds to days. */
export function formatMs(ms: number | null): string {
  if (ms === null) return unknown;
  const size = Math.abs(ms);
  if (size === 0) return `0${gap}ms`;
  if (size < 0.001) return `${significant(ms * 1e6)}${gap}ns`;
  if (size < 0.9995) return `${significant(ms * 1e3)}${gap}µs`;
  if (size < 999.5) return `${significant(ms)}${gap}ms`;
  if (size < 59_950) return `${significant(ms / 1e3)}${gap}s`;
  return longDuration(Math.round(ms / 1000));
}

export function formatNs(ns: number | null): string {
  return formatMs(ns === null ? null : ns / 1e6);
}

function longDuration(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor(seconds / 3600) % 24;
  const minutes = Math.floor(seconds / 60) % 60;
  if (days > 0) return `${days}${gap}d${hours > 0 ? ` ${hours}${gap}h` : ''}`;
  if (hours > 0) return `${hours}${gap}h${minutes > 0 ? ` ${minutes}${gap}min` : ''}`;
  const rest = seconds % 60;
  return `${minutes}${gap}min${rest > 0 ? ` ${rest}${gap}s` : ''}`;
}

/** A ratio from 0 to 1 as per cent. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null) return unknown;
  const percent = ratio * 100;
  if (Math.abs(percent) > 100) return `${grouped(percent)}${gap}%`;
  if (percent !== 0 && Math.abs(percent) < 0.1) return `${percent.toPrecision(1)}${gap}%`;
  return `${trimZeros(percent.toFixed(1))}${gap}%`;
}

export function formatPerSecond(value: number | null): string {
  return value === null ? unknown : `${grouped(value)}${gap}/s`;
}

const asRatio = new Set(['ratio', 'fraction']);
const asMs = new Set(['ms', 'milliseconds']);

/** A value in one of the contract's units; an unknown unit is written as it is. */
export function formatUnit(value: number | null, unit: string): string {
  if (value === null) return unknown;
  if (asRatio.has(unit)) return formatRatio(value);
  if (asMs.has(unit)) return formatMs(value);
  if (unit === 's') return formatMs(value * 1000);
  if (unit === '' || unit === '1') return grouped(value);
  if (value === 1 && unit.endsWith('s') && !unit.includes('/')) {
    return `1${gap}${unit.slice(0, -1)}`;
  }
  return `${grouped(value)}${gap}${unit}`;
}

/** A knob's position; weights by instance read `i1 40, i2 60`. */
export function formatKnob(knob: Knob | null, unit: string): string {
  if (knob === null) return unknown;
  if (typeof knob === 'number') return formatUnit(knob, unit);
  const parts = Object.entries(knob).map(([name, value]) => `${name} ${grouped(value)}`);
  return parts.length === 0 ? unknown : parts.join(', ');
}

function coarse(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}${gap}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${gap}min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}${gap}h`;
  return `${Math.floor(seconds / 86_400)}${gap}d`;
}

/** How long ago, coarse: `12 s ago`. */
export function formatAge(ms: number): string {
  return ms < 1000 ? 'just now' : `${coarse(ms)} ago`;
}

/** For how long, coarse: `for 12 s`. */
export function formatSince(ms: number): string {
  return `for ${coarse(ms)}`;
}

/** `1 span`, `2 spans`. */
export function formatCount(count: number, noun: string): string {
  return `${formatNumber(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Time left, `4:09`; never below zero. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

/** An actor of the audit as people call it: `user:ada` is ada, a controller's id is not shown. */
export function formatActor(actor: string): string {
  if (actor.startsWith('user:')) return actor.slice('user:'.length);
  if (actor.startsWith('controller:')) return 'controller';
  if (actor === 'auto' || actor === 'policy:auto') return 'policy (auto)';
  return actor;
}

const two = (value: number) => String(value).padStart(2, '0');
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** Local time of day, `14:03:07`. */
export function formatClock(atMs: number): string {
  const date = new Date(atMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Local date and time, `21 Nov 14:03:07`. */
export function formatDateTime(atMs: number): string {
  const date = new Date(atMs);
  return `${date.getDate()} ${months[date.getMonth()]} ${formatClock(atMs)}`;
}

/** An axis tick: time of day within two days, else the date. */
export function formatTick(atMs: number, spanMs: number): string {
  const date = new Date(atMs);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (spanMs <= 10 * 60_000) return formatClock(atMs);
  if (spanMs <= 36 * 3_600_000) return clock;
  return `${date.getDate()} ${months[date.getMonth()]} ${clock}`;
}
