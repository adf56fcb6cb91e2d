import { type CollectorSetup, createCollector } from './collector.ts';
import { type Running, run } from './run.ts';
import { clusterCheck } from './scale/check.ts';
import { type Cluster, clusterSettings, joinCluster } from './scale/cluster.ts';
import { openPeers, type Peers } from './scale/peers.ts';
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
  let peers: Peers | undefined;
  const check = clusterCheck(
    () => cluster?.membership.trouble(),
    () => peers?.trouble(),
  );
  const collector = createCollector({ ...setup, moreChecks: [check] });
  const ways = openPeers(collector);
  peers = ways;
  const running = await run(collector, {
    peers: ways,
    generation: () => cluster?.membership.self?.generation,
    handOver: () => ways.drain(HAND_OVER_MS),
  });
  cluster = joinCluster(settings, running.httpPort, setup.log, (view) => {
    ways.setCollectors(view);
  });
  return {
    ...running,
    async stop() {
      await cluster?.leave();
      await running.stop();
    },
  };
}
