import type { Span } from '@opentelemetry/api';
import type { Snapshot } from './snapshot.ts';

export const OBSERVER = Symbol('Observer');

/** What one service's policy wants to know. */
export interface Question {
  readonly service: string;
  readonly windowMs: number;
  readonly gauges: readonly string[];
  readonly latencyObjectiveMs: number | null;
  readonly sloWindowsMs: readonly number[];
}

export interface Observer {
  /** Never rejects: a family that cannot be read is named in `failures`. */
  observe(questions: readonly Question[], nowMs: number, parent: Span): Promise<Snapshot>;
  /** Slow kept traces of the last minutes, for people to look at. Never rejects. */
  examples(service: string, nowMs: number): Promise<readonly string[]>;
}
