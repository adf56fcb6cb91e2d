import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Account } from '../config.ts';
import type { Work } from '../engine.ts';
import { Failure } from '../failure.ts';
import { readStatement, type Statement } from '../statement.ts';
import type { Parameters } from './parameters.ts';

/** A request whose body is complete. */
export interface Received {
  url: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  given: Parameters;
  account: Account;
}

/** The statements that a reader may send; the engine's readonly would let KILL through. */
const READING = new Set([
  'SELECT',
  'WITH',
  'FROM',
  'SHOW',
  'DESCRIBE',
  'DESC',
  'EXPLAIN',
  'EXISTS',
]);

/**
 * Takes statement and rows apart and checks that this account may send the statement.
 *
 * @throws Failure
 */
export function plan({ url, headers, body, given, account }: Received): {
  work: Work;
  statement: Statement;
} {
  const { sql, data, statement } = splitRequest(url.get('query') ?? '', body);
  if (statement.verb === '') throw new Failure(62, 'SYNTAX_ERROR', 'Empty query');
  if (account.reader && !READING.has(statement.verb) && statement.verb !== '(') {
    throw new Failure(
      164,
      'READONLY',
      `${account.user}: Cannot execute query in readonly mode: ${statement.verb}`,
    );
  }
  const headerFormat = headers['x-clickhouse-format'];
  const format = url.get('default_format') || String(headerFormat ?? '');
  const head = statement.insert?.needsFormat ? `${sql} FORMAT ${formatName(format)}` : sql;
  const database = url.get('database') || headers['x-clickhouse-database'];
  const work: Work = {
    tag: `${url.get('log_comment') ? `${url.get('log_comment')} ` : ''}query_id=${randomUUID()}`,
    settings: given.settings,
    parameters: given.parameters,
    database: database ? String(database) : undefined,
    sql: head,
    data: statement.insert ? data : undefined,
    format: format || 'TabSeparated',
  };
  return { work, statement };
}

function formatName(format: string): string {
  return /^[A-Za-z0-9_]+$/.test(format) ? format : 'Values';
}

/** An insert's head is never longer than this; only so much of a body is searched for its end. */
const MAX_HEAD = 1024 * 1024;

/** Statement in the URL, in the body, or begun in the one and ended in the other. */
function splitRequest(query: string, body: Buffer) {
  const inBody = query.trim() === '';
  const isInsert = /^\s*(?:(?:--[^\n]*\n|\/\*[\s\S]*?\*\/)\s*)*insert\b/i.test(
    inBody ? body.subarray(0, MAX_HEAD).toString('latin1') : query,
  );
  if (!isInsert) {
    const sql = inBody ? body.toString() : body.length > 0 ? `${query}\n${body}` : query;
    return { sql, data: Buffer.alloc(0), statement: readStatement(sql) };
  }
  if (!inBody) {
    const statement = readStatement(query);
    const end = statement.insert?.dataAt ?? query.length;
    const rest = Buffer.from(query.slice(end));
    return { sql: query.slice(0, end), data: Buffer.concat([rest, body]), statement };
  }
  // Latin-1 keeps one character for each byte, so that offsets in the text are offsets in the body.
  const statement = readStatement(body.subarray(0, MAX_HEAD).toString('latin1'));
  const end = statement.insert?.source === 'select' ? body.length : statement.insert?.dataAt;
  return {
    sql: body.subarray(0, end).toString(),
    data: withoutLineBreak(body.subarray(end)),
    statement,
  };
}

/** The break after the head belongs to the head. */
function withoutLineBreak(data: Buffer): Buffer {
  const rest = /^[ \t]*\r?\n/.exec(data.subarray(0, 16).toString('latin1'));
  return rest ? data.subarray(rest[0].length) : data;
}
