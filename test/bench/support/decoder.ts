import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Shape } from '../../support/load/template.ts';
import { endWithUs } from './ending.ts';

/** protobufjs in a process of its own, measured whenever asked. */
export class Decoder {
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async start(shape: Shape): Promise<Decoder> {
    const file = join(import.meta.dirname, 'decode-process.ts');
    const execArgv = ['--conditions=@flyball/source'];
    const child = endWithUs(fork(file, [shape], { execArgv }));
    const ended = once(child, 'exit').then(() => {
      throw new Error('the decoding process ended');
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => {});
    return new Decoder(child);
  }

  /** CPU microseconds to decode one span, over about a second. */
  async usPerSpan(): Promise<number> {
    const answer = once(this.child, 'message');
    this.child.send('go');
    const [us] = await answer;
    return us as number;
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }
}
