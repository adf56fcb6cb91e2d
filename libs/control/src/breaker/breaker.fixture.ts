import { circuitBreaker } from './breaker.ts';
import type { BreakerConfig } from './breaker-config.ts';
import type { BreakerInput, BreakerOutput, BreakerState, BreakerTicket } from './circuit.ts';

type Timeless<Input> = Input extends unknown ? Omit<Input, 'nowMs'> : never;

export const START_MS = 1_000_000_000;

/** A breaker with a clock of its own, for examples. */
export class Bench {
  state: BreakerState;
  nowMs = START_MS;

  constructor(config: BreakerConfig = {}) {
    this.state = circuitBreaker.init(config);
  }

  wait(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  send(input: Timeless<BreakerInput>): BreakerOutput {
    const { state, output } = circuitBreaker.step(this.state, { ...input, nowMs: this.nowMs });
    this.state = state;
    return output;
  }

  ask(): BreakerOutput {
    return this.send({ kind: 'ask' });
  }

  /** A call that must be admitted. */
  begin(): BreakerTicket {
    const { ticket } = this.ask();
    if (ticket === null) {
      throw new Error(`refused: ${this.state.circuit.kind}`);
    }
    return ticket;
  }

  end(ticket: BreakerTicket, outcome: string, durationMs: number | null = 10): BreakerOutput {
    return this.send({ kind: 'result', ticket, outcome, durationMs });
  }

  /** Calls one after the other: `.` ok, `x` error, `s` slow but ok, `c` cancelled. */
  calls(outcomes: string): BreakerOutput {
    let output = this.send({ kind: 'tick' });
    for (const each of outcomes) {
      const outcome = { '.': 'ok', x: 'error', s: 'ok', c: 'cancelled' }[each] ?? each;
      output = this.end(this.begin(), outcome, each === 's' ? 1_001 : 10);
    }
    return output;
  }

  /** Opened by five failures. */
  open(): this {
    this.calls('xxxxx');
    return this;
  }

  get kind() {
    return this.state.circuit.kind;
  }
}
