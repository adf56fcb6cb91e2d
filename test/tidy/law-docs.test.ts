import { expect, test } from 'vitest';
import { DOCUMENT, hiddenLaws, missingParts, readHeaders, render } from '../docs/law-docs.ts';
import { read } from './sources.ts';

test('every law says its formula, defaults, regimes, stability and source', () => {
  const headers = readHeaders();
  expect(headers.length).toBeGreaterThan(10);
  const wrong = headers.flatMap((header) =>
    missingParts(header).map((part) => `${header.law} (${header.file}) lacks ${part}`),
  );
  expect(wrong).toEqual([]);
});

test('every law is public', () => {
  expect(hiddenLaws()).toEqual([]);
});

test(`${DOCUMENT} is what \`npm run docs:laws\` writes`, () => {
  expect(read(DOCUMENT)).toBe(render(readHeaders()));
});
