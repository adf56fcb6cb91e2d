import type { Account, Limits } from '../config.ts';
import { Failure } from '../failure.ts';

/** What the URL says beside the statement. */
export interface Parameters {
  settings: Array<[name: string, value: string]>;
  parameters: Array<[name: string, value: string]>;
}

/** URL parameters that are the interface's own, and no settings of the engine. */
const OWN = new Set([
  'query',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'query_id',
  'stacktrace',
  'buffer_size',
  'wait_end_of_query',
  'client_protocol_version',
  'readonly',
  'log_comment',
]);

/** Asking for these would change what the answer means, so silence would be wrong. */
const REFUSED: Record<string, string> = {
  session_id: 'Sessions are not kept: send settings with each request.',
  role: 'There are no roles.',
  compress: 'The native compression is not spoken: use Accept-Encoding.',
  decompress: 'The native compression is not spoken: use Content-Encoding.',
};

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Sorts the URL parameters into settings and values of `{name:Type}`. Our bounds stand first, so
 * that the owner may raise them; a reader may only lower them.
 *
 * @throws Failure for what is not supported, and for a limit that a reader would raise
 */
export function readParameters(
  url: URLSearchParams,
  method: string,
  account: Account,
  limits: Limits,
): Parameters {
  const bounds = new Map<string, number>([
    ['max_execution_time', limits.executionSeconds],
    ['max_result_bytes', limits.resultBytes],
    ['max_memory_usage', limits.queryMemoryBytes],
  ]);
  const settings = new Map<string, string>([
    ['implicit_select', '0'],
    ['allow_introspection_functions', '0'],
    ['result_overflow_mode', 'throw'],
  ]);
  for (const [name, bound] of bounds) settings.set(name, String(bound));
  const parameters: Array<[string, string]> = [];
  for (const [name, value] of url) {
    const refused = value === '' || value === '0' ? undefined : REFUSED[name];
    if (refused) throw new Failure(48, 'NOT_IMPLEMENTED', `${name}: ${refused}`);
    if (OWN.has(name) || name in REFUSED) continue;
    if (!NAME.test(name)) throw new Failure(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'`);
    if (name.startsWith('param_')) parameters.push([name.slice('param_'.length), value]);
    else settings.set(name, account.reader ? lowered(name, value, bounds) : value);
  }
  const readonly = readonlyLevel(url, method, account);
  // Last: it refuses every change after it.
  if (readonly !== '0') settings.set('readonly', readonly);
  return { settings: [...settings], parameters };
}

function lowered(name: string, value: string, bounds: Map<string, number>): string {
  const bound = bounds.get(name);
  const wrong = (why: string) =>
    new Failure(452, 'SETTING_CONSTRAINT_VIOLATION', `Setting ${name} ${why} for this user`);
  if (name === 'result_overflow_mode' || name.startsWith('allow_')) throw wrong('is fixed');
  if (bound === undefined) return value;
  const number = Number(value);
  if (!(number > 0 && number <= bound)) throw wrong(`must be above 0 and at most ${bound}`);
  return value;
}

/** As over ClickHouse's HTTP: a GET may read and change settings, a reader may only read. */
function readonlyLevel(url: URLSearchParams, method: string, account: Account): string {
  if (account.reader) return '1';
  const asked = url.get('readonly') ?? '0';
  if (!['0', '1', '2'].includes(asked)) {
    throw new Failure(36, 'BAD_ARGUMENTS', `readonly is "${asked}"; it can be 0, 1 or 2`);
  }
  return asked === '0' && method !== 'POST' ? '2' : asked;
}
