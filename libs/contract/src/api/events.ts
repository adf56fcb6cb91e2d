import { z } from 'zod';

/**
 * GET /api/events, server-sent events. `event:` is the topic, `data:` this JSON, `id:` grows;
 * `Last-Event-ID` resumes from a bounded buffer, or yields `resync` when it is too old.
 * Events say what changed, not how: clients fetch again what they show.
 */
export const liveEvent = z.discriminatedUnion('topic', [
  z.object({ topic: z.literal('tick'), loopId: z.string(), atMs: z.number() }),
  z.object({
    topic: z.literal('mode'),
    service: z.string(),
    from: z.string(),
    to: z.string(),
    cause: z.string(),
    atMs: z.number(),
  }),
  z.object({
    topic: z.literal('proposal'),
    id: z.string(),
    service: z.string(),
    state: z.string(),
    title: z.string(),
    atMs: z.number(),
  }),
  z.object({
    topic: z.literal('action'),
    id: z.string(),
    service: z.string(),
    state: z.string(),
    title: z.string(),
    atMs: z.number(),
  }),
  z.object({ topic: z.literal('automation'), stopped: z.boolean(), atMs: z.number() }),
  z.object({ topic: z.literal('cycle'), atMs: z.number() }),
  z.object({ topic: z.literal('resync'), atMs: z.number() }),
]);
export type LiveEvent = z.infer<typeof liveEvent>;
