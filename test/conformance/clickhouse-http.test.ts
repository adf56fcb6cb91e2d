import { gzipSync } from 'node:zlib';
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createClient,
  type RunningClickHouse,
  removeDirectory,
  startClickHouse,
  temporaryDirectory,
} from '../support/clickhouse.ts';

const PASSWORD = 'owner secret';
const READER_PASSWORD = 'reader secret';

let directory: string;
let server: RunningClickHouse;
let client: ClickHouseClient;
let reader: ClickHouseClient;

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startClickHouse(directory, {
    FLYBALL_CLICKHOUSE_PASSWORD: PASSWORD,
    FLYBALL_CLICKHOUSE_READONLY_PASSWORD: READER_PASSWORD,
    FLYBALL_CLICKHOUSE_MAX_BODY_BYTES: String(32 * 1024 * 1024),
  });
  client = createClient({ url: server.url, password: PASSWORD });
  reader = createClient({ url: server.url, username: 'reader', password: READER_PASSWORD });
});

afterAll(async () => {
  await client?.close();
  await reader?.close();
  await server?.program.stop();
  removeDirectory(directory);
});

/** A request as any HTTP client makes it, with the owner's password. */
function raw(query: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': PASSWORD };
  return fetch(`${server.url}/${query}`, {
    ...init,
    headers: { ...headers, ...(init.headers as Record<string, string>) },
  });
}

async function failureOf(promise: Promise<unknown>): Promise<ClickHouseError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ClickHouseError);
  return error as ClickHouseError;
}

describe('the official client', () => {
  it('pings, with and without a query', async () => {
    expect(await client.ping()).toEqual({ success: true });
    expect(await client.ping({ select: true })).toEqual({ success: true });
  });

  it.each(['JSON', 'JSONEachRow', 'JSONCompact', 'CSVWithNames', 'TabSeparated'] as const)(
    'reads %s',
    async (format) => {
      const answer = await client.query({ query: 'SELECT number AS n FROM numbers(3)', format });
      const text = await answer.text();
      expect(text.match(/[012]/g)?.slice(0, 3)).toEqual(['0', '1', '2']);
      expect(answer.response_headers['x-clickhouse-format']).toBe(format);
    },
  );

  it('streams rows of a large answer', async () => {
    const answer = await client.query({
      query: 'SELECT number AS n, toString(number) AS s FROM numbers(200000)',
      format: 'JSONEachRow',
    });
    let rows = 0;
    for await (const part of answer.stream()) rows += part.length;
    expect(rows).toBe(200_000);
  });

  it('binds parameters of every shape on the server', async () => {
    const values = {
      text: `it's a "test" \\ with\ttabs\nand lines`,
      list: [1, 2, 3],
      map: { a: 'x', b: "y'" },
      none: null,
      time: new Date('2026-11-21T10:00:00.123Z'),
    };
    const answer = await client.query({
      query: `SELECT {text:String} AS text, {list:Array(UInt8)} AS list,
        {map:Map(String, String)} AS map, {none:Nullable(String)} AS none,
        toUnixTimestamp64Milli({time:DateTime64(3)}) AS time`,
      query_params: values,
      format: 'JSONEachRow',
    });
    const [row] = await answer.json<Record<string, unknown>>();
    expect({ ...row, time: Number(row?.time) }).toEqual({
      ...values,
      time: values.time.getTime(),
    });
  });

  it('keeps settings and the database to the request that sent them', async () => {
    await client.command({ query: 'CREATE DATABASE IF NOT EXISTS other' });
    const other = createClient({ url: `${server.url}/other`, password: PASSWORD });
    const ask = async (asked: ClickHouseClient, settings: Record<string, string>) => {
      const answer = await asked.query({
        query: `SELECT currentDatabase() AS db, getSetting('max_block_size') AS size`,
        clickhouse_settings: settings,
        format: 'JSONEachRow',
      });
      return (await answer.json<{ db: string; size: string }>())[0];
    };
    const [changed, plain] = await Promise.all([
      ask(other, { max_block_size: '77' }),
      ask(client, {}),
    ]);
    await other.close();
    expect(changed).toMatchObject({ db: 'other' });
    expect(Number(changed?.size)).toBe(77);
    expect(plain?.db).toBe('default');
    expect(Number(plain?.size)).not.toBe(77);
  });

  it('echoes the query id and tells what was read', async () => {
    const answer = await client.query({
      query: 'SELECT count() FROM numbers(1000)',
      query_id: 'my-query-1',
      format: 'JSON',
    });
    expect(answer.query_id).toBe('my-query-1');
    const summary = JSON.parse(String(answer.response_headers['x-clickhouse-summary']));
    expect(Number(summary.read_rows)).toBe(1000);
    expect(Number(summary.result_rows)).toBe(1);
    expect(Number(summary.elapsed_ns)).toBeGreaterThan(0);
  });

  it('inserts rows as objects, text and streams, and tells how many were written', async () => {
    await client.command({
      query: 'CREATE OR REPLACE TABLE shapes (a Int64, b String) ENGINE = MergeTree ORDER BY a',
    });
    const first = await client.insert({
      table: 'shapes',
      values: [
        { a: 1, b: 'one; two' },
        { a: 2, b: 'FORMAT CSV' },
      ],
      format: 'JSONEachRow',
    });
    expect(first.summary?.written_rows).toBe('2');
    await client.insert({ table: 'shapes', values: [[3, 'x']], format: 'JSONCompactEachRow' });
    await client.insert({ table: 'shapes', values: [], format: 'JSONEachRow' });
    await client.exec({ query: 'INSERT INTO shapes FORMAT TabSeparated\n4\tfour\n5\tfive\n' });
    await client.exec({ query: `INSERT INTO shapes (b, a) VALUES ('six', 6), ('sev;en', 7)` });
    await client.command({
      query: 'INSERT INTO shapes SELECT number + 8, toString(number) FROM numbers(2)',
    });
    const answer = await client.query({ query: 'SELECT * FROM shapes ORDER BY a', format: 'CSV' });
    expect(await answer.text()).toBe(
      '1,"one; two"\n2,"FORMAT CSV"\n3,"x"\n4,"four"\n5,"five"\n6,"six"\n7,"sev;en"\n' +
        '8,"0"\n9,"1"\n',
    );
  });

  it('inserts 100 000 rows at once, compressed, and reads them back compressed', async () => {
    const zipped = createClient({
      url: server.url,
      password: PASSWORD,
      compression: { request: true, response: true },
    });
    await zipped.command({
      query: 'CREATE OR REPLACE TABLE many (id UInt64, text String) ENGINE = MergeTree ORDER BY id',
    });
    const values = Array.from({ length: 100_000 }, (_, id) => ({ id, text: `row ${id}` }));
    const written = await zipped.insert({ table: 'many', values, format: 'JSONEachRow' });
    expect(written.summary?.written_rows).toBe('100000');
    const answer = await zipped.query({ query: 'SELECT * FROM many', format: 'JSONEachRow' });
    expect(answer.response_headers['content-encoding']).toBe('gzip');
    expect((await answer.json()).length).toBe(100_000);
    await zipped.close();
  });

  it('reports errors with their code, name and message', async () => {
    const unknown = await failureOf(client.query({ query: 'SELECT * FROM no_such_table' }));
    expect(unknown).toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' });
    expect(unknown.message).toContain('no_such_table');
    const syntax = await failureOf(client.command({ query: 'SELEC 1' }));
    expect(syntax.code).toBe('62');
    const setting = await failureOf(
      client.query({ query: 'SELECT 1', clickhouse_settings: { no_such_setting: 1 } as never }),
    );
    expect(setting).toMatchObject({ code: '115', type: 'UNKNOWN_SETTING' });
    const rows = await failureOf(
      client.insert({ table: 'shapes', values: [{ a: 'no number' }], format: 'JSONEachRow' }),
    );
    expect(rows.code).toBe('27');
    const bad = await failureOf(client.query({ query: 'SELECT {x:UInt8}', query_params: {} }));
    expect(bad).toMatchObject({ code: '456', type: 'UNKNOWN_QUERY_PARAMETER' });
  });

  it('runs many queries side by side without mixing them up', async () => {
    const answers = await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const answer = await client.query({
          query:
            'SELECT {n:UInt32} AS n, count() AS rows FROM numbers(10000) WHERE number < {n:UInt32}',
          query_params: { n: index },
          format: 'JSONEachRow',
        });
        return (await answer.json<{ n: number; rows: string }>())[0];
      }),
    );
    expect(answers.map((row) => row?.n)).toEqual(answers.map((_, index) => index));
    expect(answers.map((row) => Number(row?.rows))).toEqual(answers.map((_, index) => index));
  });
});

describe('plain HTTP', () => {
  it('answers GET with the default format, the chosen one and the one in the text', async () => {
    const query = encodeURIComponent('SELECT 1 AS a, 2 AS b');
    const plain = await raw(`?query=${query}`);
    expect(plain.headers.get('content-type')).toBe('text/tab-separated-values; charset=UTF-8');
    expect(await plain.text()).toBe('1\t2\n');
    const chosen = await raw(`?query=${query}&default_format=CSVWithNames`);
    expect(await chosen.text()).toBe('"a","b"\n1,2\n');
    const inText = await raw(`?query=${query}%20FORMAT%20JSONEachRow&default_format=CSV`);
    expect(await inText.text()).toBe('{"a":1,"b":2}\n');
    expect(inText.headers.get('x-clickhouse-format')).toBe('JSONEachRow');
  });

  it('takes the statement half from the URL and half from the body', async () => {
    const answer = await raw('?query=SELECT%20', { method: 'POST', body: '40 + 2' });
    expect(await answer.text()).toBe('42\n');
  });

  it.each([
    ['CSV', '1,"a\nb"\n2,c\n'],
    ['TSV', '1\ta\\nb\n2\tc\n'],
    ['JSONCompactEachRow', '[1,"a\\nb"]\n[2,"c"]\n'],
    ['Values', "(1, 'a\\nb'), (2, 'c')"],
  ])('inserts a %s body', async (format, body) => {
    await raw('', {
      method: 'POST',
      body: 'CREATE OR REPLACE TABLE t1 (a Int64, b String) ENGINE = MergeTree ORDER BY a',
    });
    const query = encodeURIComponent(`INSERT INTO t1 FORMAT ${format}`);
    const sent = await raw(`?query=${query}`, { method: 'POST', body });
    expect(await sent.text()).toBe('');
    expect(JSON.parse(sent.headers.get('x-clickhouse-summary') ?? '').written_rows).toBe('2');
    const read = await raw('', { method: 'POST', body: 'SELECT * FROM t1 ORDER BY a FORMAT TSV' });
    expect(await read.text()).toBe('1\ta\\nb\n2\tc\n');
  });

  it('inserts binary formats byte for byte', async () => {
    await raw('', {
      method: 'POST',
      body: 'CREATE OR REPLACE TABLE t2 (a Int64, b String) ENGINE = MergeTree ORDER BY a',
    });
    for (const format of ['Native', 'RowBinary', 'Parquet']) {
      const made = await raw(`?default_format=${format}`, {
        method: 'POST',
        body: `SELECT toInt64(7) AS a, '\\0\\xff;\\n' AS b`,
      });
      const bytes = Buffer.from(await made.arrayBuffer());
      const query = encodeURIComponent(`INSERT INTO t2 FORMAT ${format}`);
      const inUrl = await raw(`?query=${query}`, { method: 'POST', body: bytes });
      expect(inUrl.status).toBe(200);
      const head = Buffer.from(`INSERT INTO t2 FORMAT ${format}\n`);
      const inBody = await raw('', { method: 'POST', body: Buffer.concat([head, bytes]) });
      expect(inBody.status).toBe(200);
    }
    const read = await raw('', {
      method: 'POST',
      body: 'SELECT hex(b), count() FROM t2 GROUP BY b',
    });
    expect(await read.text()).toBe('00FF3B0A\t6\n');
  });

  it('takes and gives gzip', async () => {
    const answer = await raw('?enable_http_compression=1', {
      method: 'POST',
      body: gzipSync("SELECT repeat('x', 1000)"),
      headers: { 'Content-Encoding': 'gzip', 'Accept-Encoding': 'gzip' },
    });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect((await answer.text()).trim()).toBe('x'.repeat(1000));
    const damaged = await raw('', {
      method: 'POST',
      body: gzipSync('SELECT 1').subarray(0, 20),
      headers: { 'Content-Encoding': 'gzip' },
    });
    expect(damaged.status).toBe(400);
  });

  it.each([
    ['SELECT * FROM no_such_table', 404, '60'],
    ['SELECT * FROM nodb.t', 404, '81'],
    ['SELECT no_such_column FROM numbers(1)', 404, '47'],
    ['SELECT nofunction(1)', 404, '46'],
    ['SELECT 1 FORMAT NoSuchFormat', 404, '73'],
    ['SELECT', 400, '62'],
    ['', 400, '62'],
    ['SELECT 1; SELECT 2', 400, '62'],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", 501, '48'],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", 501, '48'],
    ["SELECT throwIf(1, 'it broke')", 500, '395'],
  ])('answers %j with status %d and code %s', async (sql, status, code) => {
    const answer = await raw('', { method: 'POST', body: sql });
    const text = await answer.text();
    expect(answer.status, text).toBe(status);
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe(code);
    expect(text).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: .*\\([A-Z_]+\\) \\(version`));
  });

  it('does not show the files of this machine as tables', async () => {
    for (const table of ['`/etc/passwd`', "'/etc/passwd'", 'default.`/etc/passwd`']) {
      const answer = await raw('', { method: 'POST', body: `SELECT * FROM ${table}` });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toContain('root:');
    }
  });

  it('writes only with POST', async () => {
    const query = encodeURIComponent('CREATE TABLE by_get (a Int8) ENGINE = Memory');
    const answer = await raw(`?query=${query}`);
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe('164');
  });

  it('refuses what is too large, plain or unpacked, and answers the next request', async () => {
    const big = Buffer.alloc(33 * 1024 * 1024, 0x20);
    const query = encodeURIComponent('INSERT INTO shapes FORMAT JSONEachRow');
    const plain = await raw(`?query=${query}`, { method: 'POST', body: big });
    expect(plain.status).toBe(413);
    const packed = await raw(`?query=${query}`, {
      method: 'POST',
      body: gzipSync(big),
      headers: { 'Content-Encoding': 'gzip' },
    });
    expect(packed.status).toBe(413);
    expect(await (await raw('?query=SELECT%201')).text()).toBe('1\n');
  });

  it('knows its other pages', async () => {
    expect(await (await fetch(`${server.url}/ping`)).text()).toBe('Ok.\n');
    expect(await (await fetch(server.url)).text()).toBe('Ok.\n');
    expect((await fetch(`${server.url}/nothing`)).status).toBe(404);
    expect((await fetch(`${server.url}//`)).status).toBe(404);
  });
});

describe('who may do what', () => {
  it('refuses a wrong or missing password with code 516', async () => {
    const wrong = createClient({ url: server.url, password: 'guess' });
    expect((await failureOf(wrong.query({ query: 'SELECT 1' }))).code).toBe('516');
    await wrong.close();
    const none = await fetch(`${server.url}/?query=SELECT%201`);
    expect(none.status).toBe(403);
    expect(none.headers.get('x-clickhouse-exception-code')).toBe('516');
  });

  it('takes the password in each of the three places', async () => {
    const basic = Buffer.from(`default:${PASSWORD}`).toString('base64');
    const asked = `${server.url}/?query=SELECT%201`;
    const answers = await Promise.all([
      fetch(asked, { headers: { Authorization: `Basic ${basic}` } }),
      fetch(asked, { headers: { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': PASSWORD } }),
      fetch(`${asked}&user=default&password=${encodeURIComponent(PASSWORD)}`),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
  });

  it('refuses pages of other sites even with the right password', async () => {
    const answer = await raw('', {
      method: 'POST',
      body: 'SELECT 1',
      headers: { Origin: 'http://evil.example' },
    });
    expect(answer.status).toBe(403);
  });

  it('lets a reader read, with limits it may lower', async () => {
    const answer = await reader.query({
      query: 'WITH 2 AS two SELECT two * 21 AS n',
      format: 'JSONEachRow',
      clickhouse_settings: { max_execution_time: 5 },
    });
    expect(await answer.json()).toEqual([{ n: 42 }]);
  });

  it.each([
    'CREATE TABLE x (a Int8) ENGINE = Memory',
    'INSERT INTO shapes SELECT 1, 2',
    'DROP TABLE shapes',
    'KILL QUERY WHERE 1',
    'SET readonly = 0',
    'SYSTEM FLUSH LOGS',
    "SELECT * FROM file('/etc/passwd', 'LineAsString')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    'SELECT 1 SETTINGS max_execution_time = 100000',
  ])('refuses a reader %j', async (query) => {
    const error = await failureOf(reader.command({ query }));
    expect(error.code).toBe('164');
  });

  it('does not let a reader raise a limit', async () => {
    const error = await failureOf(
      reader.query({ query: 'SELECT 1', clickhouse_settings: { max_execution_time: 100_000 } }),
    );
    expect(error.code).toBe('452');
  });
});
