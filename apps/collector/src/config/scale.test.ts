import { describe, expect, test } from 'vitest';
import { defaultConfig } from './file.ts';
import { shareOf, takenOver } from './scale.ts';
import type { CollectorConfig } from './schema.ts';

const file = (changes: Partial<CollectorConfig> = {}) => ({ ...defaultConfig(), ...changes });

describe('the part of one worker', () => {
  test('of a collector of one worker is all of it', () => {
    expect(shareOf(file())).toEqual(file());
  });

  test('is its part of every bound', () => {
    const { window, spool, cluster } = file();
    const share = shareOf(file({ workers: 4 }));
    expect(share.window.maxSize).toBe(window.maxSize / 4);
    expect(share.window.keptMemory).toBe(window.keptMemory / 4);
    expect(share.spool.maxSize).toBe(spool.maxSize / 4);
    expect(share.cluster.maxQueue).toBe(cluster.maxQueue / 4);
  });
});

describe('a file that changed while the collector runs', () => {
  test('cannot change by how many workers rates and bounds are divided', () => {
    const { window } = file();
    const changed = { workers: 4, window: { ...window, maxTraces: 400 } };
    const alone = takenOver(shareOf(file()), file(changed));
    expect(alone.afterRestart).toEqual(['workers']);
    expect(alone.config).toMatchObject({ workers: 1, window: { maxTraces: 400 } });
    const four = takenOver(shareOf(file({ workers: 4 })), file({ ...changed, workers: 1 }));
    expect(four.afterRestart).toEqual(['workers']);
    expect(four.config).toMatchObject({ workers: 4, window: { maxTraces: 100 } });
  });

  test('names each part that waits for a restart', () => {
    const { cluster, window, sink } = file();
    const { config, afterRestart } = takenOver(
      shareOf(file({ workers: 2 })),
      file({
        workers: 2,
        sink: { ...sink, parallel: 7 },
        cluster: { ...cluster, giveUpAfter: 7000 },
        window: { ...window, delay: 1000, keptMemory: 10, droppedMemory: 10 },
      }),
    );
    expect(afterRestart).toEqual(['sink', 'cluster', 'window.keptMemory', 'window.droppedMemory']);
    expect(config.cluster.giveUpAfter).toBe(cluster.giveUpAfter);
    expect(config.window.delay).toBe(1000);
  });

  test('without a change to them says nothing', () => {
    const many = file({ workers: 3 });
    expect(takenOver(shareOf(many), many)).toEqual({ config: shareOf(many), afterRestart: [] });
  });
});
