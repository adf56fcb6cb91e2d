import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on standard output; `LOG_LEVEL` chooses how much (default info). */
export function createLog(name: string): Log {
  const level = process.env.LOG_LEVEL ?? 'info';
  return pino({ name, base: { name }, level: level in pino.levels.values ? level : 'info' });
}
