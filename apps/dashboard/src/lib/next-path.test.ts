import { expect, test } from 'vitest';
import { safeNextPath } from './next-path.ts';

test('only a path of this dashboard is followed after signing in', () => {
  expect(safeNextPath('/actions?id=p1')).toBe('/actions?id=p1');
  for (const bad of [null, '', 'https://evil.example', '//evil.example', '/\\evil', '/sign-in']) {
    expect(safeNextPath(bad)).toBe('/');
  }
});
