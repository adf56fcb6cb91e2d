import { expect, test } from 'vitest';
import { FakeFiles } from '../spool/files.fake.ts';
import { Spool } from '../spool/spool.ts';
import { DELIVERY_DEFAULTS, Delivery } from './delivery.ts';
import { FakeSink } from './sink.fake.ts';

function rig() {
  const clock = { ms: 0 };
  const log: string[] = [];
  const files = new FakeFiles();
  const spool = new Spool(files, {
    maxBytes: 1e9,
    blockBytes: 1e6,
    blockAgeMs: 1000,
    run: '1700000000000-aaaa',
    syncOnSeal: false,
  });
  const sink = new FakeSink();
  const events = {
    stored: () => log.push('stored'),
    failed: (_: unknown, __: unknown, retryInMs: number) => log.push(`failed ${retryInMs}`),
    refused: () => log.push('refused'),
    damaged: (_: unknown, lostBytes: number) => log.push(`damaged ${lostBytes}`),
  };
  const delivery = new Delivery(spool, sink, DELIVERY_DEFAULTS, events, () => clock.ms);
  let id = 0;
  const write = (table: string) => {
    id += 1;
    spool.append(table, 1, Buffer.from(`{"id":${id}}\n`), clock.ms);
    spool.sealAll();
  };
  const step = async (ms: number) => {
    clock.ms += ms;
    delivery.tick();
    await delivery.settled();
  };
  return { log, files, spool, sink, delivery, write, step };
}

test('blocks are stored and their files removed', async () => {
  const { write, step, sink, spool, files } = rig();
  write('a');
  write('b');
  await step(0);
  expect(sink.rows.get('a')).toEqual([{ id: 1 }]);
  expect(sink.rows.get('b')).toEqual([{ id: 2 }]);
  expect(spool.bytes).toBe(0);
  expect(files.contents.size).toBe(0);
});

test('while the store is away the wait doubles up to its bound, and nothing is lost', async () => {
  const { write, step, sink, log } = rig();
  sink.away = true;
  for (let i = 0; i < 3; i++) write('a');
  await step(0);
  await step(99);
  expect(sink.attempts).toBe(2);
  for (let i = 0; i < 12; i++) await step(10_000);
  expect(log.at(-1)).toBe('failed 10000');
  sink.away = false;
  await step(10_000);
  await step(0);
  expect(sink.rows.get('a')).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
});

test('a table in trouble waits for itself; the others lose no time', async () => {
  const { write, step, sink, delivery } = rig();
  sink.failTable = 'slow';
  for (let i = 0; i < 5; i++) write('slow');
  for (let i = 0; i < 6; i++) write('quick');
  await step(0);
  for (let i = 0; i < 6; i++) await step(1);
  expect(sink.rows.get('quick')).toHaveLength(6);
  expect(sink.rows.get('slow')).toBeUndefined();
  expect(delivery.failuresByTable()).toEqual([['slow', 2]]);
  const before = sink.attempts;
  await step(50);
  expect(sink.attempts).toBe(before);
  sink.failTable = undefined;
  await step(200);
  for (let i = 0; i < 5; i++) await step(1);
  expect(sink.rows.get('slow')).toHaveLength(5);
  expect(delivery.failuresByTable()).toEqual([]);
});

test('a table whose inserts hang holds one of them at most once that is known', async () => {
  const { write, step, sink, delivery } = rig();
  sink.failTable = 'slow';
  write('slow');
  await step(0);
  let open = () => {};
  sink.gateTable = 'slow';
  sink.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (let i = 0; i < 4; i++) write('slow');
  write('quick');
  await delivery.settled();
  const ended = step(10_000);
  for (let i = 0; i < 20; i++) {
    delivery.tick();
    await Promise.resolve();
  }
  expect(delivery.sending).toBe(1);
  expect(sink.rows.get('quick')).toHaveLength(1);
  open();
  await ended;
});

test('an insert whose answer is lost is repeated under its token and counts once', async () => {
  const { write, step, sink } = rig();
  write('a');
  sink.loseAnswers = 1;
  await step(0);
  await step(100);
  expect(sink.attempts).toBe(2);
  expect(sink.rows.get('a')).toEqual([{ id: 1 }]);
});

test('a block that is refused for long is set aside; others of its table overtake it', async () => {
  const { write, step, sink, spool, files, log } = rig();
  sink.refuseText = '"id":1}';
  write('t');
  write('t');
  for (let i = 0; i < 5; i++) await step(1000);
  expect(sink.rows.get('t')).toEqual([{ id: 2 }]);
  for (let i = 0; i < 58; i++) await step(10_000);
  write('t');
  for (let i = 0; i < 10; i++) await step(1000);
  expect(sink.rows.get('t')).toEqual([{ id: 2 }, { id: 3 }]);
  expect(files.aside()).toEqual([]);
  for (let i = 0; i < 2; i++) await step(10_000);
  expect([...files.setAsideFor.values()]).toEqual(['no such column']);
  expect(log.filter((each) => each === 'refused')).toHaveLength(1);
  expect(spool.refused()).toBe(1);
});

test('a schema that lags behind by minutes costs no block', async () => {
  const { write, step, sink, files, spool } = rig();
  sink.refuseTable = 'new';
  for (let i = 0; i < 3; i++) write('new');
  write('old');
  for (let i = 0; i < 50; i++) await step(10_000);
  expect(sink.rows.get('old')).toHaveLength(1);
  sink.refuseTable = undefined;
  for (let i = 0; i < 4; i++) await step(10_000);
  expect(sink.rows.get('new')).toHaveLength(3);
  expect(files.aside()).toEqual([]);
  expect(spool.bytes).toBe(0);
});

test('a table that is refused for long lets its later blocks go sooner', async () => {
  const { write, step, sink, files } = rig();
  sink.refuseTable = 'bad';
  write('bad');
  for (let i = 0; i < 62; i++) await step(10_000);
  expect(files.aside()).toHaveLength(1);
  for (let i = 0; i < 3; i++) write('bad');
  for (let i = 0; i < 4; i++) await step(10_000);
  expect(files.aside()).toHaveLength(4);
});

test('at most the allowed number of inserts run at once', async () => {
  const { write, delivery, sink } = rig();
  let open = () => {};
  sink.gate = new Promise((resolve) => {
    open = resolve;
  });
  for (let i = 0; i < 5; i++) write('a');
  delivery.tick();
  delivery.tick();
  expect(delivery.sending).toBe(DELIVERY_DEFAULTS.parallel);
  open();
  await delivery.settled();
});

test('a torn tail is reported, and the whole records before it are stored', async () => {
  const { spool, files, step, sink, log } = rig();
  spool.append('a', 1, Buffer.from('{"id":1}\n'), 0);
  spool.append('a', 1, Buffer.from('{"id":2}\n'), 0);
  const [name] = [...files.contents.keys()] as [string];
  files.contents.set(name, (files.contents.get(name) as Buffer).subarray(0, 40));
  spool.sealAll();
  await step(0);
  expect(sink.rows.get('a')).toEqual([{ id: 1 }]);
  expect(log).toEqual(['damaged 15', 'stored']);
});

test('a refused block that cannot be put aside is tried again, until it can', async () => {
  const { write, step, sink, files, delivery, log } = rig();
  sink.refuseTable = 'bad';
  files.asideFault = 'EROFS';
  write('bad');
  for (let i = 0; i < 63; i++) await step(10_000);
  expect(delivery.lastError).toContain('EROFS');
  expect(files.contents.size).toBe(1);
  files.asideFault = undefined;
  for (let i = 0; i < 2; i++) await step(10_000);
  expect(files.aside()).toHaveLength(1);
  expect(log.at(-1)).toBe('refused');
});

test('rows of far days go a few days at a time, and take no place of others', async () => {
  const { write, sink, spool, delivery, step } = rig();
  let open = () => {};
  sink.gate = new Promise((resolve) => {
    open = resolve;
  });
  sink.gateTable = 'a';
  const days = Array.from({ length: 120 }, (_, day) => `${1_000_000_000 + day * 86_400}.0`);
  spool.append(
    'a__far',
    120,
    Buffer.from(days.map((day) => `{"Timestamp":"${day}"}\n`).join('')),
    0,
  );
  spool.sealAll();
  for (let count = 0; count < DELIVERY_DEFAULTS.parallel; count += 1) write('b');
  delivery.tick();
  expect(delivery.sending).toBe(DELIVERY_DEFAULTS.parallel + 1);
  delivery.tick();
  await new Promise((resolve) => setImmediate(resolve));
  expect(sink.rows.get('b')).toHaveLength(DELIVERY_DEFAULTS.parallel);
  expect(sink.rows.get('a')).toBeUndefined();
  open();
  await delivery.settled();
  expect(sink.rows.get('a')).toEqual(days.map((Timestamp) => ({ Timestamp })));
  expect([...sink.tokens].filter((token) => token.includes('a__far'))).toHaveLength(5);
  expect(spool.bytes).toBe(0);
  await step(0);
});

test('another try goes on where the last one ended', async () => {
  const { sink, spool, step } = rig();
  const days = Array.from({ length: 120 }, (_, day) => `${1_000_000_000 + day * 86_400}.0`);
  spool.append(
    'a__far',
    120,
    Buffer.from(days.map((day) => `{"Timestamp":"${day}"}\n`).join('')),
    0,
  );
  spool.sealAll();
  sink.refuseText = days[60];
  await step(0);
  expect(sink.rows.get('a')).toHaveLength(50);
  sink.refuseText = undefined;
  const { attempts } = sink;
  for (let tries = 0; tries < 20 && spool.bytes > 0; tries += 1) await step(10_000);
  expect(sink.attempts - attempts).toBe(3);
  expect(sink.rows.get('a')).toHaveLength(120);
});
