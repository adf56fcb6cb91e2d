import { createRequire } from 'node:module';
import { failureFrom } from './failure.ts';

/** What one request wants done, already taken apart. */
export interface Work {
  /** Identifies the running query to {@link Engine}'s KILL; letters, digits and dashes. */
  tag: string;
  /** Applied in order before the statement. */
  settings: ReadonlyArray<readonly [name: string, value: string]>;
  /** Values of `{name:Type}`, escaped as in TabSeparated. */
  parameters: ReadonlyArray<readonly [name: string, value: string]>;
  database: string | undefined;
  /** The statement, or the head of an insert. */
  sql: string;
  /** Rows for an insert, in the format the head names. */
  data: Buffer | undefined;
  /** Output format when the text names none. */
  format: string;
}

/** What the engine gave back. Rows and bytes are its own counts. */
export interface Done {
  body: Buffer;
  elapsedNs: number;
  resultRows: number;
  resultBytes: number;
  /** Rows written, those written through materialised views included. */
  writtenRows: number;
  writtenBytes: number;
}

/** The engine, open on one data directory. */
export interface Engine {
  readonly version: string;
  readonly timezone: string;
  /**
   * Runs one statement on a connection of its own. When `signal` fires, the engine is told to kill
   * it, and the promise settles once it has ended.
   *
   * @throws Failure
   */
  run(work: Work, signal: AbortSignal): Promise<Done>;
  /** Call when nothing runs any more. */
  close(): void;
}

/** The part of chDB's native addon that is used; one connection is used by one call at a time. */
interface Addon {
  CreateConnection(path: string, args?: string[]): Connection;
  CloseConnection(connection: Connection): void;
  QueryAsyncConnection(connection: Connection, sql: string, format: string): Promise<RawAnswer>;
  InsertRawAsyncConnection(
    connection: Connection,
    head: string,
    data: Buffer,
    countLines: boolean,
  ): Promise<RawWrite>;
}
declare const connectionBrand: unique symbol;
interface Connection {
  [connectionBrand]: true;
}
interface RawAnswer {
  bytes: Uint8Array;
  elapsed: number;
  rowsRead: number;
  bytesRead: number;
}
interface RawWrite {
  elapsed: number;
  rowsWritten: number;
  bytesWritten: number;
}

const PACKAGES: Record<string, string> = {
  'darwin-arm64': '@chdb/lib-darwin-arm64',
  'darwin-x64': '@chdb/lib-darwin-x64',
  'linux-arm64': '@chdb/lib-linux-arm64-gnu',
  'linux-x64': '@chdb/lib-linux-x64-gnu',
};
const NO_ROWS = 108;
const KILL_ATTEMPTS = 20;

/**
 * Opens the engine on `directory`. A connection stays open for as long as the engine does: the
 * engine ends with its last connection.
 *
 * chDB's own `Session` is not used because its close waits for every operation of the process, and
 * its raw insert knows only some formats; the addon beneath it has neither limit.
 */
export async function openEngine(directory: string): Promise<Engine> {
  const addon = loadAddon();
  const anchor = addon.CreateConnection(directory, []);
  const ask = async (sql: string) =>
    Buffer.from((await addon.QueryAsyncConnection(anchor, sql, 'TSV')).bytes)
      .toString()
      .trim();
  await replaceOverlay(ask);
  const [version = '', timezone = 'UTC'] = (await ask('SELECT version(), timezone()')).split('\t');
  return {
    version,
    timezone,
    run: (work, signal) => runOnce(addon, directory, work, signal),
    close: () => addon.CloseConnection(anchor),
  };
}

/**
 * The engine starts with a `default` database that also shows the machine's files as tables. Put
 * the plain one, which holds the tables, in its place.
 */
async function replaceOverlay(ask: (sql: string) => Promise<string>): Promise<void> {
  const engine = await ask("SELECT engine FROM system.databases WHERE name = 'default'");
  if (engine !== 'Overlay') return;
  const tables = await ask("SELECT count() FROM system.tables WHERE database = 'default'");
  if (tables === '0') {
    // Attaching an empty one fails in the engine (it has forgotten the id of the database).
    await ask('DROP DATABASE default');
    await ask('CREATE DATABASE default ENGINE = Atomic');
  } else {
    await ask('DETACH DATABASE default');
    await ask('ATTACH DATABASE default');
  }
}

async function runOnce(
  addon: Addon,
  directory: string,
  work: Work,
  signal: AbortSignal,
): Promise<Done> {
  const connection = addon.CreateConnection(directory);
  const killer = killOnAbort(addon, directory, work.tag, signal);
  try {
    await addon.QueryAsyncConnection(connection, preamble(work), 'Null');
    signal.throwIfAborted();
    killer.arm();
    return await execute(addon, connection, work);
  } catch (error) {
    throw signal.aborted && !(error instanceof Error && /^Code: /.test(error.message))
      ? signal.reason
      : failureFrom(error);
  } finally {
    await killer.disarm();
    addon.CloseConnection(connection);
  }
}

async function execute(addon: Addon, connection: Connection, work: Work): Promise<Done> {
  if (work.data === undefined) {
    const raw = await addon.QueryAsyncConnection(connection, work.sql, work.format);
    const { bytes } = raw;
    return {
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      elapsedNs: Math.round(raw.elapsed * 1e9),
      resultRows: raw.rowsRead,
      resultBytes: raw.bytesRead,
      writtenRows: 0,
      writtenBytes: 0,
    };
  }
  const raw = await insertRows(addon, connection, work.sql, work.data);
  return {
    body: Buffer.alloc(0),
    elapsedNs: Math.round(raw.elapsed * 1e9),
    resultRows: 0,
    resultBytes: 0,
    writtenRows: raw.rowsWritten,
    writtenBytes: raw.bytesWritten,
  };
}

/** An insert without rows is no error over HTTP. */
async function insertRows(
  addon: Addon,
  connection: Connection,
  head: string,
  data: Buffer,
): Promise<RawWrite> {
  try {
    return await addon.InsertRawAsyncConnection(connection, head, data, false);
  } catch (error) {
    if (failureFrom(error).code !== NO_ROWS) throw error;
    return { elapsed: 0, rowsWritten: 0, bytesWritten: 0 };
  }
}

/** Settings, parameters and the database of the request, on its own connection. */
function preamble(work: Work): string {
  const values = [
    ...work.settings.map(([name, value]) => `\`${name}\` = ${quote(value)}`),
    ...work.parameters.map(([name, value]) => `param_${name} = ${quote(value)}`),
  ];
  const use = work.database === undefined ? [] : [`USE ${quoteName(work.database)}`];
  // The database comes first: a readonly setting among the values would refuse it.
  return [...use, `SET log_comment = ${quote(work.tag)}`, `SET ${values.join(', ')}`].join('; ');
}

/**
 * A running query cannot be interrupted through the addon, but the engine knows KILL QUERY. It is
 * repeated until the query has ended: one that has only just begun is not in the list yet.
 */
function killOnAbort(addon: Addon, directory: string, tag: string, signal: AbortSignal) {
  let armed = false;
  let ended = false;
  let killing: Promise<void> | undefined;
  const kill = async () => {
    const connection = addon.CreateConnection(directory);
    try {
      for (let attempt = 0; attempt < KILL_ATTEMPTS && !ended; attempt++) {
        const sql = `KILL QUERY WHERE Settings['log_comment'] = ${quote(tag)} ASYNC`;
        await addon.QueryAsyncConnection(connection, sql, 'Null').catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 50 * (attempt + 1)));
      }
    } finally {
      addon.CloseConnection(connection);
    }
  };
  const onAbort = () => {
    if (armed) killing ??= kill();
  };
  signal.addEventListener('abort', onAbort, { once: true });
  return {
    arm() {
      armed = true;
    },
    async disarm() {
      ended = true;
      signal.removeEventListener('abort', onAbort);
      await killing;
    },
  };
}

function quote(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function quoteName(value: string): string {
  return `\`${value.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

function loadAddon(): Addon {
  const key = `${process.platform}-${process.arch}`;
  const name = PACKAGES[key];
  if (!name) {
    throw new Error(
      `The embedded ClickHouse has no build for ${key}. Set CLICKHOUSE_URL to a server instead.`,
    );
  }
  const own = createRequire(import.meta.url);
  return createRequire(own.resolve('chdb'))(name) as Addon;
}
