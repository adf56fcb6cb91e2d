import { type Logger, pino } from 'pino';

export type Log = Logger;

/** JSON lines on standard output; `FLYBALL_LOG_LEVEL` chooses how much (default info). */
export function createLog(name: string): Log {
  const level = process.env.FLYBALL_LOG_LEVEL ?? process.env.LOG_LEVEL ?? 'info';
  return pino({ name, base: { name }, level: level in pino.levels.values ? level : 'info' });
}
