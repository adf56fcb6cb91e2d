import { z } from 'zod';
import { epochMs, mode, verdict } from './common.ts';

export const matrixColumn = z.enum([
  'latency',
  'traffic',
  'errors',
  'saturation',
  'dependencies',
  'budget',
  'mode',
  'loop',
]);
export type MatrixColumn = z.infer<typeof matrixColumn>;

export const matrixCell = z.object({
  value: z.number().nullable(),
  unit: z.string(),
  /** The value as a person writes it, with its unit: `412 ms`, `2 of 3 healthy`. */
  display: z.string(),
  verdict,
  /** The threshold it broke or is held against: `412 ms > 300 ms`. */
  threshold: z.string().nullable(),
  /** One sentence more: the cause, the sick dependency, why it is unknown. */
  detail: z.string().nullable(),
  /** For errors and dependencies: the service the trouble begins in. */
  origin: z.string().nullable(),
  /** One value per step of the matrix's range; null is "no data". */
  strip: z.array(z.number().nullable()),
  stripVerdicts: z.array(verdict),
  /** An exemption: until when and by whom this cell is silenced. */
  exempt: z.object({ untilMs: epochMs, by: z.string() }).nullable(),
});
export type MatrixCell = z.infer<typeof matrixCell>;

export const matrixRow = z.object({
  service: z.string(),
  mode: mode.nullable(),
  /** At the present burn rate; null when the budget is not burning. */
  timeToExhaustionMs: z.number().nullable(),
  cells: z.record(matrixColumn, matrixCell),
});
export type MatrixRow = z.infer<typeof matrixRow>;

/** GET /api/matrix: rows sorted worst first; the strips cover one hour in one-minute steps. */
export const matrix = z.object({
  generatedAtMs: epochMs,
  fromMs: epochMs,
  toMs: epochMs,
  stepMs: z.number().int().positive(),
  rows: z.array(matrixRow),
});
export type Matrix = z.infer<typeof matrix>;
