import { rmSync } from 'node:fs';
import { createCollector } from '../../../apps/collector/src/collector.ts';
import { readEnvironment } from '../../../apps/collector/src/config/environment.ts';
import { readConfig } from '../../../apps/collector/src/config/file.ts';
import { FreshGroups, PREFIX } from '../../support/load/fresh.ts';
import { Random } from '../../support/load/random.ts';
import { LOAD_SHAPE, makeGroups, type Shape } from '../../support/load/template.ts';

export interface InProcessOptions {
  readonly shape: Shape;
  /** Arrivals in the bench's own time, spans per second. */
  readonly spansPerSecond: number;
  /** The collector's configuration file. */
  readonly configFile: string;
  readonly directory: string;
}

/** How often what depends on time is done, in requests: often enough for the shortest window. */
const REQUESTS_PER_STEP = 4;

/**
 * The collector's own parts, wired as in the process, without its ports: bodies go in at the door,
 * rows end in the spool. Time is the bench's: it passes with the spans that arrive, so that as many
 * traces wait as they would at that rate, however fast this machine is.
 */
export class InProcessCollector {
  spans = 0;
  bytes = 0;
  private readonly collector;
  private readonly groups;
  private readonly fresh = new FreshGroups(new Random(7));
  private readonly options: InProcessOptions;
  private readonly startedMs: number;
  private nowMs: number;
  private bodies: { body: Buffer; spans: number }[] = [];
  private variant = 0;
  private requests = 0;

  constructor(options: InProcessOptions) {
    this.options = options;
    this.startedMs = Date.now();
    this.nowMs = this.startedMs;
    Date.now = () => Math.floor(this.nowMs);
    const config = readConfig(options.configFile);
    if (!config.ok) throw new Error(JSON.stringify(config.faults));
    const environment = readEnvironment({ FLYBALL_DATA_DIR: options.directory });
    this.collector = createCollector({ environment, config: config.config, log: SILENT });
    this.groups = makeGroups({ ...LOAD_SHAPE, shape: options.shape });
  }

  /** Makes bodies for the next `requests` requests: the load's work, not the collector's. */
  prepare(requests: number): void {
    while (this.bodies.length < requests) {
      const group = this.groups[this.variant % this.groups.length];
      if (group === undefined) return;
      this.variant += 1;
      for (const { framed, template } of this.fresh.make(group, Date.now())) {
        this.bodies.push({ body: framed.subarray(PREFIX), spans: template.spans });
      }
    }
  }

  /** Takes in what was prepared and does all that is due meanwhile. */
  async work(): Promise<void> {
    const { intake, loop } = this.collector;
    for (const { body, spans } of this.bodies) {
      this.nowMs += (spans * 1000) / this.options.spansPerSecond;
      const outcome = await intake.take('traces', 'protobuf', body);
      if (outcome.kind !== 'accepted') throw new Error(`refused: ${JSON.stringify(outcome)}`);
      this.spans += spans;
      this.bytes += body.length;
      this.requests += 1;
      if (this.requests % REQUESTS_PER_STEP === 0) while (loop.step());
    }
    this.bodies = [];
  }

  /** Waits for something else; to the collector no time passes, so that it sees no delay. */
  async aside<T>(other: () => Promise<T>): Promise<T> {
    const { now } = performance;
    const stoppedAt = now.call(performance);
    const result = await other();
    const awayMs = now.call(performance) - stoppedAt;
    performance.now = () => now.call(performance) - awayMs;
    return result;
  }

  /** A gauge or counter of the collector. */
  metric(series: string): number {
    const lines = this.collector.registry.text().split('\n');
    const found = lines.find((line) => line.startsWith(`${series} `));
    return found === undefined ? 0 : Number(found.slice(series.length + 1));
  }

  clean(): void {
    rmSync(this.options.directory, { recursive: true, force: true });
  }
}

const quiet = () => {};
/** The parts of a logger that the collector calls. */
const SILENT = {
  trace: quiet,
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: quiet,
  fatal: quiet,
} as unknown as Parameters<typeof createCollector>[0]['log'];
