import { afterAll, expect, it } from 'vitest';
import { flyball, policy, removeFolder } from '../policy.fixture.ts';

afterAll(removeFolder);

const FILE = policy('auto');
const told = async (args: readonly string[], environment = {}) => {
  const { code, err } = await flyball(['backtest', FILE, ...args], { environment });
  expect(code).toBe(1);
  return err;
};

it('refuses times it cannot read, and spans that are none', async () => {
  expect(await told(['--from', 'yesterday'])).toContain('--from yesterday: write an instant like');
  expect(await told(['--from', '1h', '--to', '2h'])).toBe('--from must be before --to');
  expect(await told(['--most', '0'])).toContain('from 1 to 10000');
});

it('says where it looked for ClickHouse, who told it to, and what to do', async () => {
  const away = 'http://somebody:secret@127.0.0.1:1';
  const err = await told(['--clickhouse', away]);
  expect(err).toMatch(
    /^ClickHouse could not be asked at http:\/\/127.0.0.1:1\/ \(--clickhouse\): /,
  );
  expect(err).toContain('--clickhouse URL or CLICKHOUSE_URL');
  expect(err).not.toContain('secret');
  expect(await told([], { CLICKHOUSE_URL: away })).toContain('(CLICKHOUSE_URL)');
  const embedded = { FLYBALL_CLICKHOUSE_PORT: '1', FLYBALL_DATA_DIR: '/nowhere' };
  expect(await told([], embedded)).toContain('127.0.0.1:1/ (the embedded one)');
  expect(await told(['--clickhouse', 'localhost:8123'])).toContain('write it like http://');
});
