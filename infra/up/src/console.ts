import { join } from 'node:path';
import { styleText } from 'node:util';
import { LogFile } from './log-file.ts';
import { formatLogLine, parseLogLine, passes } from './log-line.ts';
import type { Options } from './options.ts';
import type { ProcessPlan } from './plan.ts';

const LAST_LINES = 15;

/** What the person at the terminal sees; everything also goes to files under `logs/`. */
export class Console {
  readonly #options: Options;
  readonly #files = new Map<string, LogFile>();
  /** The last lines of each, for when it does not come up. */
  readonly #last = new Map<string, string[]>();
  readonly #colour: boolean;
  readonly #live: boolean;
  #pending: { plan: ProcessPlan; sinceMs: number; timer: NodeJS.Timeout | null } | null = null;
  #quiet = true;

  constructor(options: Options) {
    this.#options = options;
    this.#live = process.stdout.isTTY === true && !options.jsonLogs;
    this.#colour = this.#live && !process.env.NO_COLOR;
  }

  say(text: string): void {
    if (this.#options.jsonLogs) {
      const line = { level: 30, time: Date.now(), name: 'flyball', msg: text.trim() };
      process.stdout.write(`${JSON.stringify(line)}\n`);
      return;
    }
    this.#clear();
    process.stdout.write(`${text}\n`);
    this.#draw();
  }

  /** While things come up, only warnings are shown: the progress is the message. */
  upAndRunning(): void {
    this.#quiet = false;
  }

  progress(plan: ProcessPlan, state: 'starting' | 'ready'): void {
    if (state === 'starting') {
      const timer = this.#live ? setInterval(() => this.#draw(), 200) : null;
      timer?.unref();
      this.#pending = { plan, sinceMs: performance.now(), timer };
      this.#draw();
      return;
    }
    const took = ((performance.now() - (this.#pending?.sinceMs ?? 0)) / 1000).toFixed(1);
    this.#clear();
    clearInterval(this.#pending?.timer ?? undefined);
    this.#pending = null;
    const ports = plan.ports.map((name) => this.#options.ports[name]).join(', ');
    const [mark, tail] = [this.#paint('green', '✔'), this.#paint('gray', `${took} s`)];
    this.say(`  ${mark} ${plan.title.padEnd(24)} port ${ports.padEnd(12)} ${tail}`);
  }

  log(name: string, index: number, text: string): void {
    this.#file(name).write(text);
    this.#remember(name, text);
    if (this.#options.jsonLogs) {
      process.stdout.write(`${text}\n`);
      return;
    }
    const line = parseLogLine(text);
    const threshold =
      this.#quiet && this.#options.logLevel === 'info' ? 'warn' : this.#options.logLevel;
    if (passes(line.level, threshold)) this.say(formatLogLine(name, index, line, this.#colour));
  }

  /** It never came up: its last words are the best explanation there is. */
  failed(plan: ProcessPlan, how: string): void {
    const words = (this.#last.get(plan.name) ?? []).map((text) => `    ${text}`);
    const mark = this.#paint('red', '✖');
    this.say([`${mark} ${plan.title} did not come up (${how}). It said:`, ...words].join('\n'));
  }

  crashed(plan: ProcessPlan, how: string, loud: boolean): void {
    const again = loud
      ? `again and again: look at ${join(this.#options.dataDir, 'logs', `${plan.name}.log`)}`
      : 'starting it again';
    this.say(`${this.#paint('red', '✖')} ${plan.title} ended (${how}), ${again}`);
  }

  recovered(plan: ProcessPlan): void {
    this.say(`${this.#paint('green', '✔')} ${plan.title} is back`);
  }

  #remember(name: string, text: string): void {
    const lines = this.#last.get(name) ?? [];
    this.#last.set(name, lines);
    const { message, fields } = parseLogLine(text);
    const error = fields.err ?? fields.error;
    const tail = error === undefined ? '' : ` ${JSON.stringify(error).slice(0, 300)}`;
    lines.push(`${message}${tail}`);
    if (lines.length > LAST_LINES) lines.shift();
  }

  #file(name: string): LogFile {
    const file =
      this.#files.get(name) ?? new LogFile(join(this.#options.dataDir, 'logs', `${name}.log`));
    this.#files.set(name, file);
    return file;
  }

  #draw(): void {
    if (!this.#live || this.#pending === null) return;
    const seconds = ((performance.now() - this.#pending.sinceMs) / 1000).toFixed(0);
    process.stdout.write(
      `\r\u001b[2K  ${this.#paint('yellow', '…')} ${this.#pending.plan.title} ${seconds} s`,
    );
  }

  #clear(): void {
    if (this.#live && this.#pending !== null) process.stdout.write('\r\u001b[2K');
  }

  #paint(style: Parameters<typeof styleText>[0], text: string): string {
    return this.#colour ? styleText(style, text, { validateStream: false }) : text;
  }
}
