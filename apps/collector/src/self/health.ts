/** Health checks as the mission orders them: critical or not, each with a time-out. */

export interface HealthCheck {
  readonly name: string;
  /** A critical check that fails makes the process unhealthy, another one only degraded. */
  readonly critical: boolean;
  /** Resolves when all is well; rejects with what is wrong. */
  run(signal: AbortSignal): Promise<void>;
}

export interface CheckReport {
  readonly name: string;
  readonly critical: boolean;
  readonly status: 'pass' | 'fail';
  readonly message: string;
  readonly tookMs: number;
}

export interface HealthReport {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly checks: readonly CheckReport[];
}

const CHECK_TIMEOUT_MS = 5000;

async function run(check: HealthCheck, now: () => number): Promise<CheckReport> {
  const { name, critical } = check;
  const startedMs = now();
  const report = (status: 'pass' | 'fail', message: string): CheckReport => ({
    name,
    critical,
    status,
    message,
    tookMs: Math.round(now() - startedMs),
  });
  const signal = AbortSignal.timeout(CHECK_TIMEOUT_MS);
  const late = new Promise<never>((_, reject) => {
    const give = () => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`));
    signal.addEventListener('abort', give, { once: true });
  });
  try {
    await Promise.race([check.run(signal), late]);
    return report('pass', '');
  } catch (error) {
    return report('fail', (error as Error).message);
  }
}

function verdict(checks: readonly CheckReport[]): HealthReport['status'] {
  const failed = checks.filter((check) => check.status === 'fail');
  if (failed.length === 0) return 'healthy';
  return failed.some((check) => check.critical) ? 'unhealthy' : 'degraded';
}

/** Runs checks; a report is shared by all who ask within `shareMs`. */
export class Health {
  private last: { atMs: number; report: Promise<HealthReport> } | undefined;
  private readonly checks: readonly HealthCheck[];
  private readonly now: () => number;
  private readonly shareMs: number;

  constructor(checks: readonly HealthCheck[], now: () => number, shareMs = 1000) {
    this.checks = checks;
    this.now = now;
    this.shareMs = shareMs;
  }

  report(): Promise<HealthReport> {
    if (this.last === undefined || this.now() - this.last.atMs >= this.shareMs) {
      const report = Promise.all(this.checks.map((check) => run(check, this.now))).then(
        (checks) => ({ status: verdict(checks), checks }),
      );
      this.last = { atMs: this.now(), report };
    }
    return this.last.report;
  }
}
