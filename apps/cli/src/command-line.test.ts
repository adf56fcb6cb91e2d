import { afterAll, describe, expect, it } from 'vitest';
import { flyball, folder, policy, removeFolder, written } from './policy.fixture.ts';

afterAll(removeFolder);

const COMMANDS = ['simulate', 'tune', 'backtest', 'policy check', 'policy serve'];

describe('flyball', () => {
  it('says what there is', async () => {
    for (const args of [[], ['--help'], ['-h'], ['help'], ['policy', '--help']]) {
      const { code, out } = await flyball(args);
      expect(code).toBe(0);
      for (const command of COMMANDS) expect(out).toContain(`flyball ${command}`);
    }
  });

  it.each(COMMANDS)('%s has a help within the width of a terminal', async (command) => {
    const { code, out } = await flyball([...command.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toContain(`flyball ${command}`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('refuses a strange command or option with a hint', async () => {
    const told = async (...args: string[]) => {
      const { code, err, out } = await flyball(args);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      return err;
    };
    expect(await told('simulat')).toBe('flyball: simulat is no command: did you mean simulate?');
    expect(await told('polcy')).toBe('flyball: polcy is no command: did you mean policy?');
    expect(await told('policy', 'chek')).toBe(
      'flyball: policy chek is no command: did you mean policy check?',
    );
    expect(await told('policy')).toBe(
      'flyball: policy alone is no command: there are policy check, policy serve',
    );
    expect(await told('paint')).toContain('there are simulate, tune, backtest, policy check');
    expect(await told('simulate', '--colour')).toContain('--colour');
    expect(await told('policy', 'check')).toBe('which file? flyball policy check FILE');
    expect(await told('policy', 'check', 'a', 'b')).toContain('b is one word too many');
  });

  it('says why a policy cannot be read, each fault in a line', async () => {
    const told = async (file: string) => (await flyball(['policy', 'check', file])).err;
    expect(await told(`${folder}/none.yaml`)).toContain('there is no such file');
    expect(await told(folder)).toContain('is a directory');
    const twice = policy('twice', { loop: 'evry: 5s\n      hysteresis: { up: 1, down: 0 }' });
    expect(await told(twice)).toBe(
      `${twice}:10:7: spec.loops.replicas.evry: is not a field here: did you mean every?`,
    );
    const windows = 'law: { schedule: { windows: [{ when: Someday 08:00, min: 3 }] } }';
    expect(await told(policy('someday', { loop: windows }))).toContain('windows.0.when');
    const none = written(
      'none.yaml',
      'apiVersion: flyball/v1\nkind: Policy\nmetadata: { name: x }\nspec: { service: x }\n',
    );
    expect((await flyball(['policy', 'check', none])).code).toBe(0);
    expect((await flyball(['policy', 'serve', none])).err).toContain(
      'spec.loops.replicas: is missing',
    );
  });

  it('tells how a policy is understood', async () => {
    const file = policy('auto', { spec: '  guards: { freeze: ["Fri 18:00 - Mon 06:00 UTC"] }' });
    const { code, out } = await flyball(['policy', 'check', file]);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `${file} is good: policy auto for the service checkout.`,
      '  objectives: 99 of 100 are answered within 800ms',
      '  replicas: autoscale, 2 to 40, every 5s',
      '    figures: {"p99Ms":800,"startupMs":5000,"evidenceMaxAgeMs":30000}',
      '    a step up: at most +1000%, at once',
      '    a step down: at most -100%, at once',
      '    at most 60 changes and 12 reversals an hour; nothing on evidence older than 30s',
      '    frozen: Fri 18:00 - Mon 06:00 UTC',
      '    autonomy: up ask, down ask',
    ]);
  });

  it('takes variables from the environment', async () => {
    const file = policy('variable', { loop: 'every: $'.concat('{EVERY}') });
    expect((await flyball(['policy', 'check', file])).err).toContain('{EVERY} is not set');
    const environment = { EVERY: '7s' };
    const { out } = await flyball(['policy', 'check', file], { environment });
    expect(out).toContain('every 7s');
  });
});
