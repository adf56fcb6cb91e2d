/**
 * `node dist/main.js`: ClickHouse's HTTP interface over the embedded engine.
 *
 * Two settings must stand before anything else is loaded: each running query occupies a thread of
 * libuv's pool, whose size is read once, and the engine reads its time zone when it is loaded.
 */
process.env.UV_THREADPOOL_SIZE ??= '32';
process.env.TZ = 'UTC';

const { run } = await import('./run.ts');
await run(process.env);
