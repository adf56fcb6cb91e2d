import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Interner, NOT_UTF8, OVERFLOW_ID, OVERFLOW_TEXT } from './interner.ts';
import { encodeUtf8 } from './utf8.ts';

test('the same text has the same id, wherever its bytes are; ids give the text back', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 500 }), (texts) => {
      const strings = new Interner();
      const ids = new Map(texts.map((text) => [text, strings.internText(text)]));
      for (const text of texts) {
        const bytes = encodeUtf8(`ab${text}cd`);
        const length = bytes.length - 4;
        expect(strings.intern(bytes, 2, length)).toBe(ids.get(text));
        expect(strings.text(ids.get(text) as number)).toBe(text);
      }
      expect(new Set(ids.values()).size).toBe(ids.size);
    }),
    { numRuns: 50 },
  );
});

test('the table is bounded in entries, bytes and length of one text', () => {
  const few = new Interner({ maxEntries: 4 });
  const ids = ['a', 'b', 'c', 'd'].map((text) => few.internText(text));
  expect(ids).toEqual([2, 3, OVERFLOW_ID, OVERFLOW_ID]);
  expect([few.size, few.overflows, few.text(OVERFLOW_ID)]).toEqual([4, 2, OVERFLOW_TEXT]);
  expect(few.internText('a')).toBe(2);
  const small = new Interner({ maxBytes: 20 });
  expect(small.internText('x'.repeat(8))).toBe(2);
  expect(small.internText('y')).toBe(OVERFLOW_ID);
  expect(new Interner().internText('x'.repeat(1025))).toBe(OVERFLOW_ID);
});

test('bytes that are no text have no id', () => {
  const strings = new Interner();
  for (const bytes of [Uint8Array.of(0xff), new Uint8Array(2000).fill(0xff)]) {
    expect(strings.intern(bytes, 0, bytes.length)).toBe(NOT_UTF8);
    expect(strings.intern(bytes, 0, bytes.length)).toBe(NOT_UTF8);
  }
});

describe('forgetting', () => {
  const full = () => {
    const strings = new Interner({ maxEntries: 12, maxBytes: 1000 });
    const ids = Array.from({ length: 10 }, (_, at) => strings.internText(`name-${at}`));
    return { strings, ids };
  };

  test('gives room and ids to other names; marked ones stay what they are', () => {
    const { strings, ids } = full();
    expect(strings.crowded).toBe(true);
    expect(strings.internText('more')).toBe(OVERFLOW_ID);
    const used = strings.marks();
    for (const id of [ids[3], ids[7]] as number[]) used[id] = 1;
    strings.forget(used);
    expect(strings.size).toBe(4);
    expect(strings.crowded).toBe(false);
    expect(strings.generation).toBe(1);
    expect(strings.text(ids[3] as number)).toBe('name-3');
    expect(strings.text(ids[0] as number)).toBe('');
    expect(strings.internText('name-7')).toBe(ids[7]);
    const fresh = Array.from({ length: 8 }, (_, at) => strings.internText(`fresh-${at}`));
    expect(new Set([...fresh, ids[3], ids[7]]).size).toBe(10);
    expect(Math.max(...fresh)).toBeLessThan(12);
    expect(fresh.map((id) => strings.text(id))).toEqual(fresh.map((_, at) => `fresh-${at}`));
    expect(strings.internText('too many')).toBe(OVERFLOW_ID);
  });

  test('again and again: junk comes and goes, what is used is found under its id', () => {
    const strings = new Interner({ maxEntries: 100, maxBytes: 10_000 });
    const shop = strings.internText('shop');
    for (let round = 0; round < 50; round += 1) {
      const junk = Array.from({ length: 60 }, (_, at) => strings.internText(`${round}/${at}`));
      expect(junk).not.toContain(OVERFLOW_ID);
      const used = strings.marks();
      used[shop] = 1;
      strings.forget(used);
      expect(strings.internText('shop')).toBe(shop);
      expect(strings.text(shop)).toBe('shop');
    }
  });
});
