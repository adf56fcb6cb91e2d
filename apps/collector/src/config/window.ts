import { randomInt } from 'node:crypto';
import type { WindowConfig } from '@flyball/tracing';
import type { CollectorConfig } from './schema.ts';

/** Unknown to senders, so that none can craft trace ids that collide. */
const hashSeed = randomInt(2 ** 31);

/** The window's part of the file, in the window's own words. */
export function windowConfigOf({ window }: CollectorConfig): WindowConfig {
  return {
    rootDelayMs: window.delay,
    timeoutMs: window.timeout,
    maxTraces: window.maxTraces,
    maxSpans: window.maxSpans,
    maxBytes: window.maxSize,
    maxSpansPerTrace: window.maxSpansPerTrace,
    maxBytesPerTrace: window.maxSizePerTrace,
    keptMemory: window.keptMemory,
    droppedMemory: window.droppedMemory,
    hashSeed,
  };
}
