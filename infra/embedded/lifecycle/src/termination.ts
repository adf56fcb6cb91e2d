/**
 * Runs `stop` once on the first SIGTERM or SIGINT, then ends the process: with 0 when it finished,
 * with 1 when it failed or took longer than `withinMs`.
 */
export function onTermination(stop: (signal: string) => Promise<void>, withinMs = 8_000): void {
  let stopping = false;
  const begin = (signal: string) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), withinMs).unref();
    stop(signal).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGTERM', begin);
  process.on('SIGINT', begin);
}
