import { z } from 'zod';
import { autonomy, epochMs, knob, mode } from './common.ts';

export const loopState = z.enum([
  'running',
  'held',
  'waiting-approval',
  'cooldown',
  'shadow',
  'off',
  'stopped',
]);

/** One guard's word on a proposed value. */
export const guardNote = z.object({
  guard: z.string(),
  before: z.number().nullable(),
  after: z.number().nullable(),
  effect: z.enum(['passed', 'bounded', 'held']),
  text: z.string(),
});

/** One tick of a loop, as written to `flyball_loop_samples`. */
export const loopSample = z.object({
  atMs: epochMs,
  setpoint: z.number().nullable(),
  measured: z.number().nullable(),
  terms: z.record(z.string(), z.number()),
  /** What the law asked for, what the guards left of it, what is in force. */
  proposed: knob.nullable(),
  bounded: knob.nullable(),
  applied: knob.nullable(),
  mode: mode.nullable(),
  /** Of the closed union of reasons. */
  reason: z.string(),
  /** The reason as a sentence. */
  text: z.string(),
  evidenceAgeMs: z.number().nullable(),
  /** The OODA cycle as a trace. */
  traceId: z.string().nullable(),
});
export type LoopSample = z.infer<typeof loopSample>;

export const loop = z.object({
  /** `service/name`, for example `checkout/replicas`. */
  id: z.string(),
  service: z.string(),
  name: z.string(),
  law: z.string(),
  signal: z.string(),
  signalUnit: z.string(),
  knobUnit: z.string(),
  actuator: z.string(),
  autonomy,
  state: loopState,
  everyMs: z.number(),
  cooldownUntilMs: epochMs.nullable(),
  limits: z.object({ min: z.number().nullable(), max: z.number().nullable() }),
  band: z.object({ low: z.number().nullable(), high: z.number().nullable() }),
  guards: z.array(guardNote),
  last: loopSample.nullable(),
  /** Over the last hour. */
  reversalsPerHour: z.number(),
  actionsPerHour: z.number(),
  pendingProposalId: z.string().nullable(),
});
export type Loop = z.infer<typeof loop>;

/** GET /api/loops and GET /api/loops/:service/:name */
export const loopList = z.object({ loops: z.array(loop) });
export type LoopList = z.infer<typeof loopList>;

/** GET /api/loops/:service/:name/samples?fromMs&toMs: at most 800 points, oldest first. */
export const loopSamples = z.object({
  loopId: z.string(),
  fromMs: epochMs,
  toMs: epochMs,
  samples: z.array(loopSample),
});
export type LoopSamples = z.infer<typeof loopSamples>;

/** POST /api/loops/:service/:name/autonomy (operator): a run-time override with a reason. */
export const autonomyRequest = z.object({ autonomy, reason: z.string().max(500).default('') });
