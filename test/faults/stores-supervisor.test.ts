import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { removeDirectory, temporaryDirectory } from '../support/clickhouse.ts';
import {
  freePortBase,
  type ProcessName,
  type Stack,
  spawnSupervisor,
  startStack,
} from '../support/stack.ts';
import { until } from '../support/until.ts';

const NAMES: ProcessName[] = ['clickhouse', 'postgres', 'collector', 'controller', 'dashboard'];

let stack: Stack | undefined;

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
});

/** Ids of processes whose command line, folder or environment names this directory. */
function processesOn(directory: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return false;
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return (command + readFileSync(`/proc/${pid}/environ`, 'utf8')).includes(directory);
      } catch {
        return false;
      }
    })
    .map((pid) => `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')}`);
}

async function refusal(
  dataDir: string,
  portBase: number,
): Promise<{ code: unknown; text: string }> {
  const child = spawnSupervisor({ dataDir, portBase });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk;
    });
  }
  const code = await new Promise((resolve) => {
    child.once('close', resolve);
  });
  return { code, text };
}

describe('the supervisor', () => {
  it('brings everything up, says where it is, and leaves nothing behind on Ctrl-C', async () => {
    stack = await startStack();
    const { output, urls, dataDir, portBase } = stack;
    expect(output()).toContain(`Dashboard   ${urls.dashboard}`);
    expect(output()).toMatch(/Sign in {5}http\S+\/sign-in\?token=/);
    expect(output()).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=${urls.otlpHttp}`);
    expect(output()).toContain('OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf');
    for (const secret of ['guard-token', 'clickhouse-password', 'running.json']) {
      expect(statSync(join(dataDir, secret)).mode & 0o777).toBe(0o600);
    }
    const second = await refusal(dataDir, portBase);
    expect(second.code).toBe(1);
    expect(second.text).toContain(`process ${stack.supervisor.pid}`);
    expect(second.text).toContain(urls.dashboard);
    const other = temporaryDirectory();
    const busy = await refusal(other, portBase);
    removeDirectory(other);
    expect(busy.code).toBe(1);
    expect(busy.text).toContain(`port ${portBase + 1} is taken by`);
    expect(busy.text).toContain(`process ${stack.pid('controller')}`);
    expect(busy.text).toContain('FLYBALL_CONTROLLER_PORT');
    const before = performance.now();
    expect(await stack.stop('SIGINT')).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(processesOn(dataDir)).toEqual([]);
  });

  it('brings back each process that is killed while the others run on', async () => {
    stack = await startStack();
    const running = stack;
    for (const name of NAMES) {
      const others = NAMES.filter((other) => other !== name);
      const before = others.map((other) => running.pid(other));
      await running.recovered(name, running.kill(name));
      expect(
        others.map((other) => running.pid(other)),
        `the others while ${name} was away`,
      ).toEqual(before);
    }
    for (const name of ['controller', 'otlpHttp'] as const) {
      const ready = await until(`${name} is ready`, 30_000, async () => {
        return (await fetch(`${running.urls[name]}/health/ready`)).ok;
      });
      expect(ready).toBe(true);
    }
  });

  it('takes everything with it when it is killed, and starts again on the same data', async () => {
    const dataDir = temporaryDirectory();
    try {
      stack = await startStack({ dataDir });
      stack.supervisor.kill('SIGKILL');
      await until('nothing is left', 20_000, () => processesOn(dataDir).length === 0);
      stack = await startStack({ dataDir });
      expect(stack.output()).toContain('/sign-in?token=');
      await stack.stop();
    } finally {
      removeDirectory(dataDir);
    }
  });

  it('stops at once when it is told so while it comes up', async () => {
    const dataDir = temporaryDirectory();
    const child = spawnSupervisor({ dataDir, portBase: await freePortBase() });
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await until('the first process is up', 30_000, () => text.includes('ClickHouse'), 20);
    child.kill('SIGTERM');
    const code = await new Promise((resolve) => {
      child.once('close', resolve);
    });
    expect(code).toBe(0);
    expect(processesOn(dataDir)).toEqual([]);
    removeDirectory(dataDir);
  });

  it('says that a number or an option is wrong', async () => {
    const help = spawnSync('node', ['infra/up/bootstrap.mjs', '--help'], { encoding: 'utf8' });
    expect(help.stdout).toContain('--port-base');
    const wrong = spawnSync('node', ['infra/up/dist/main.js', 'start', '--port-base', 'many'], {
      encoding: 'utf8',
    });
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('--port-base');
  });
});
