import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { initialReplicas } from './replicas.ts';
import { loadState, saveState } from './state-file.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'demo-state-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe('the state file', () => {
  it('brings back what was saved', () => {
    const services = { checkout: { ...initialReplicas(4), version: 9, fence: 3 } };
    saveState(directory, services);
    expect(loadState(directory)).toEqual({ kind: 'loaded', services });
  });

  it('is not there at first', () => {
    expect(loadState(path.join(directory, 'nowhere'))).toEqual({ kind: 'none' });
  });

  it.each(['', '{', '{"services":{"checkout":{"version":"x"}}}'])(
    'is set aside when it reads %j',
    (text) => {
      writeFileSync(path.join(directory, 'state.json'), text);
      expect(loadState(directory).kind).toBe('unreadable');
    },
  );
});
