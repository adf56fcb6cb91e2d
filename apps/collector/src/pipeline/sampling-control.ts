import type { SamplingRules } from '@flyball/tracing';
import type { CollectorConfig } from '../config/schema.ts';
import { windowConfigOf } from '../config/window.ts';
import { type Boost, type BoostResult, Boosts, boostedRules } from './boosts.ts';
import type { TracePipeline } from './traces.ts';

/** The rules in force: those of the file, raised by the boosts of the moment. */
export class SamplingControl {
  private readonly boosts = new Boosts();
  private readonly traces: TracePipeline;
  private config: CollectorConfig;

  constructor(traces: TracePipeline, config: CollectorConfig) {
    this.traces = traces;
    this.config = config;
  }

  /** Takes over rules and window of a new file; nothing that waits is lost. */
  configure(config: CollectorConfig): void {
    this.config = config;
    this.traces.window.configure(windowConfigOf(config));
    this.applyRules();
  }

  boost(wanted: Boost, nowMs: number): BoostResult {
    const result = this.boosts.set(wanted, this.config.sampling.boosts, nowMs);
    this.applyRules();
    return result;
  }

  /** Of the window in force. */
  maxWindowBytes(): number {
    return this.config.window.maxSize;
  }

  list(): Boost[] {
    return this.boosts.list();
  }

  /** Ends boosts whose time has come. */
  tick(nowMs: number): void {
    if (this.boosts.expire(nowMs)) this.applyRules();
  }

  private applyRules(): void {
    const rules: SamplingRules = { rules: this.config.sampling.rules };
    this.traces.setRules(boostedRules(rules, this.boosts.list()));
  }
}
