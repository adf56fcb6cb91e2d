import type { LoadPlan } from '../load/shape.ts';

/** An instance others can send requests to. */
export interface Peer {
  instance: string;
  url: string;
  startedAtMs: number;
}

/** Running instances by service. */
export type Directory = Readonly<Record<string, readonly Peer[]>>;

/** What the active faults do to one instance. */
export interface Disturbance {
  /** Factor on its handling time; 1 without a fault. */
  slowFactor: number;
  /** Share of its requests that fail. */
  errorRatio: number;
  /** `fail`: answers 503 at once. `refuse`: takes no connections. */
  down: 'no' | 'fail' | 'refuse';
}

/** From the manager to a child, over Node's IPC channel. */
export type ToChild =
  | { kind: 'directory'; directory: Directory }
  | { kind: 'disturbance'; disturbance: Disturbance }
  | { kind: 'load'; plan: LoadPlan };

/** What an instance of a service did over the last interval. */
export interface ServiceStats {
  of: 'service';
  /** Share of its slots that was busy. */
  utilization: number;
  queued: number;
  requestsPerSecond: number;
  errorRatio: number;
}

/** What the gateway enforces for one balanced service. */
export interface GuardView {
  service: string;
  state: 'waiting' | 'following' | 'expired';
  version: number | null;
  /** Until the lifetime of the targets ends; null when nothing is followed. */
  expiresInMs: number | null;
  ratePerSecond: number | null;
  weights: Record<string, number>;
  unhealthy: string[];
  accepted: number;
  rejected: number;
  failures: number;
  lastError: string | null;
}

export interface GatewayStats {
  of: 'gateway';
  guards: GuardView[];
}

export interface LoadStats {
  of: 'load';
  targetPerSecond: number;
  sentPerSecond: number;
  okPerSecond: number;
  /** Answered 429. */
  limitedPerSecond: number;
  failedPerSecond: number;
  p50Ms: number | null;
  p99Ms: number | null;
}

export type Stats = ServiceStats | GatewayStats | LoadStats;

/** From a child to the manager. */
export type FromChild =
  | { kind: 'ready'; url: string }
  | { kind: 'stats'; cpuRatio: number; stats: Stats };

export const NO_DISTURBANCE: Disturbance = { slowFactor: 1, errorRatio: 0, down: 'no' };
