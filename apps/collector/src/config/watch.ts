import { unwatchFile, watchFile } from 'node:fs';
import { type ConfigFault, readConfig } from './file.ts';
import type { CollectorConfig } from './schema.ts';

export interface ConfigEvents {
  changed(config: CollectorConfig): void;
  refused(faults: readonly ConfigFault[]): void;
}

const POLL_MS = 1000;

/**
 * Reads `file` again when it changes and on SIGHUP. Polling sees also the files that Kubernetes
 * swaps under a link. A file with a fault is refused, and what is in force stays.
 *
 * @returns a function that ends the watch
 */
export function watchConfig(file: string, events: ConfigEvents): () => void {
  const reload = () => {
    const result = readConfig(file);
    if (result.ok) events.changed(result.config);
    else events.refused(result.faults);
  };
  watchFile(file, { interval: POLL_MS, persistent: false }, reload);
  process.on('SIGHUP', reload);
  return () => {
    unwatchFile(file, reload);
    process.off('SIGHUP', reload);
  };
}
