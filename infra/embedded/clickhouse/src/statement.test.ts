import { describe, expect, it } from 'vitest';
import { readStatement } from './statement.ts';

/** Head and data as the server would split them. */
function split(sql: string): [head: string, data: string] {
  const at = readStatement(sql).insert?.dataAt ?? sql.length;
  return [sql.slice(0, at), sql.slice(at)];
}

describe('statement', () => {
  it.each([
    ['SELECT 1', 'SELECT', undefined],
    ['  -- FORMAT CSV\n select 1 format JSON', 'SELECT', 'JSON'],
    ["SELECT 'FORMAT CSV' AS s", 'SELECT', undefined],
    ['SELECT format FROM (SELECT 1 FORMAT CSV) t', 'SELECT', undefined],
    ['/* a */ WITH 1 AS x SELECT x FORMAT TSV ;  -- end', 'WITH', 'TSV'],
    ['(SELECT 1) UNION ALL (SELECT 2) FORMAT CSV', '(', 'CSV'],
    ["SELECT `a;b`, \"c;d\", 'e;\\';f'", 'SELECT', undefined],
    ['SELECT 1 FORMAT JSON SETTINGS max_threads = 1, a = 2', 'SELECT', 'JSON'],
    ['', '', undefined],
  ])('reads %j', (sql, verb, format) => {
    expect(readStatement(sql)).toEqual({ verb, format, insert: undefined });
  });

  it.each([
    ['INSERT INTO t FORMAT CSV', ' \n1,2'],
    ['INSERT INTO t FORMAT JSONEachRow', '{"a": "; SELECT FORMAT"}'],
    ['insert into db.`odd name` (a, `format`) settings async_insert=0 format TSV', '\n1\t2;\n'],
    ['INSERT INTO t VALUES', " (1, 'a;b'); "],
    ['INSERT INTO TABLE values VALUES', ' (1)'],
    ['INSERT INTO format FORMAT CSV', '\n1'],
    ['INSERT INTO values FORMAT Values', ' (1)'],
    ['INSERT INTO FUNCTION null() (a) VALUES', ' (1)'],
  ])('finds where the rows of %j begin', (head, data) => {
    expect(split(head + data)).toEqual([head, data]);
    expect(readStatement(head + data).insert?.source).toBe('rows');
  });

  it('knows an insert that makes its own rows', () => {
    expect(readStatement('INSERT INTO t SELECT * FROM u').insert?.source).toBe('select');
    expect(readStatement('INSERT INTO t WITH x AS (SELECT 1) SELECT * FROM x').insert?.source).toBe(
      'select',
    );
    expect(readStatement('INSERT INTO t (a) SELECT f FROM values').insert?.source).toBe('select');
  });

  it('knows an insert that does not say how its rows are written', () => {
    expect(readStatement('INSERT INTO t (a, b)').insert?.needsFormat).toBe(true);
    expect(readStatement('INSERT INTO t FORMAT CSV').insert?.needsFormat).toBe(false);
  });

  it.each([
    ['SELECT 1; DROP TABLE t', 62],
    ['SELECT 1;;', 62],
    ["SELECT 1 INTO /* x */ OUTFILE 'f'", 48],
    ["INSERT INTO t FROM INFILE 'f' FORMAT CSV", 48],
  ])('refuses %j', (sql, code) => {
    expect(() => readStatement(sql)).toThrow(expect.objectContaining({ code }));
  });
});
