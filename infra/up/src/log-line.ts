import { styleText } from 'node:util';
import { LEVELS, type Level } from './options.ts';

export interface LogLine {
  readonly level: Level;
  readonly timeMs: number | null;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const SKIPPED = new Set(['level', 'time', 'msg', 'name', 'pid', 'hostname', 'v']);
const LONGEST = 2_000;

/** Pino's JSON lines; anything else is a line as it stands. */
export function parseLogLine(text: string): LogLine {
  const plain = {
    level: 'info',
    timeMs: null,
    message: text.slice(0, LONGEST),
    fields: {},
  } as const;
  if (!text.startsWith('{')) return plain;
  try {
    const entry = JSON.parse(text) as Record<string, unknown>;
    const fields = Object.fromEntries(Object.entries(entry).filter(([key]) => !SKIPPED.has(key)));
    const time = typeof entry.time === 'string' ? Date.parse(entry.time) : Number(entry.time);
    const timeMs = Number.isFinite(time) ? time : null;
    return { level: levelOf(entry.level), timeMs, message: String(entry.msg ?? ''), fields };
  } catch {
    return plain;
  }
}

/** Pino writes numbers or words; fatal counts as error, trace as debug. */
function levelOf(level: unknown): Level {
  if (typeof level === 'number') {
    return level >= 50 ? 'error' : level >= 40 ? 'warn' : level >= 30 ? 'info' : 'debug';
  }
  if (level === 'fatal') return 'error';
  return LEVELS.find((one) => one === level) ?? (level === 'trace' ? 'debug' : 'info');
}

export function passes(level: Level, threshold: Level): boolean {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(threshold);
}

const COLOURS = ['cyan', 'magenta', 'blue', 'green', 'yellow', 'white'] as const;
const LEVEL_COLOUR = { error: 'red', warn: 'yellow', info: 'gray', debug: 'gray' } as const;

/** `12:03:01 collector  warn  ClickHouse is away  waitMs=500` */
export function formatLogLine(name: string, index: number, line: LogLine, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const time = new Date(line.timeMs ?? Date.now()).toTimeString().slice(0, 8);
  const prefix = paint(COLOURS[index % COLOURS.length] ?? 'white', name.padEnd(10));
  const level = paint(LEVEL_COLOUR[line.level], line.level.padEnd(5));
  const fields = Object.entries(line.fields).map(([key, value]) => `${key}=${fieldText(value)}`);
  const tail = fields.length === 0 ? '' : paint('gray', `  ${fields.join(' ')}`);
  return `${paint('gray', time)} ${prefix} ${level} ${line.message}${tail}`;
}

function fieldText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'message' in value) {
    return JSON.stringify(value.message);
  }
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
