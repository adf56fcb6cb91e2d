import { type CollectorSetup, createCollector } from './collector.ts';
import { type Running, run } from './run.ts';
import { type Cluster, clusterSettings, joinCluster } from './scale/cluster.ts';
import { openPeers } from './scale/peers.ts';
import { spoolFolders } from './scale/spool-folders.ts';

/** How long what other collectors own may take to reach them at the end. */
const HAND_OVER_MS = 1000;

/** A collector in this thread alone; it may share traces with other collectors. */
export async function runSingle(setup: CollectorSetup): Promise<Running> {
  const settings = clusterSettings(setup.environment, setup.config);
  // The collector claims its folder itself; here it takes over what workers have left.
  spoolFolders(setup.environment.spoolFolder, 1).release();
  if (settings === undefined) return run(createCollector(setup));
  let cluster: Cluster | undefined;
  const trouble = {
    name: 'cluster',
    critical: false,
    run: async () => {
      const text = cluster?.membership.trouble();
      if (text !== undefined) throw new Error(text);
    },
  };
  const collector = createCollector({ ...setup, moreChecks: [trouble] });
  const peers = openPeers(collector);
  const running = await run(collector, {
    peers,
    generation: () => cluster?.membership.self?.generation,
    handOver: () => peers.drain(HAND_OVER_MS),
  });
  cluster = joinCluster(settings, running.httpPort, setup.log, (view) => peers.setCollectors(view));
  return {
    ...running,
    async stop() {
      await cluster?.leave();
      await running.stop();
    },
  };
}
