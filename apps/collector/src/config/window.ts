import type { WindowConfig } from '@flyball/tracing';
import type { CollectorConfig } from './schema.ts';

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
  };
}
