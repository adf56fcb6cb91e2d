import { type Interner, reframe, type TraceView } from '@flyball/tracing';
import type { RingFiles } from './files.port.ts';
import { decodeMarks, encodeMarks, marksName, segmentOfMarks } from './marks.ts';
import {
  filterOf,
  type RingTrace,
  readSegment,
  type SegmentTimes,
  SegmentWriter,
  type ServiceFilter,
  TRACE_HEADER_BYTES,
} from './segment.ts';

export interface RingOptions {
  /** Bytes on disk. */
  readonly maxBytes: number;
  /** How far back it reaches; it takes in no more than so much time of it fits. */
  readonly maxAgeMs: number;
}

/** What a person wants to know of the ring's disk. */
export interface RingEvents {
  /** Its first refusal since it last took a write. */
  failed(message: string): void;
  recovered(): void;
}

/** A part of the ring that can be read, newest first. */
export interface RingPart extends SegmentTimes {
  readonly name: string;
  /** Traces that were promoted already, by their place. */
  readonly promoted: Set<number>;
}

interface Segment extends RingPart {
  readonly bytes: number;
}

/** Parts of which the oldest goes when the ring is full. */
const SEGMENTS = 128;
const MIN_SEGMENT_BYTES = 64 * 1024;
/** A segment is written at the latest after this. */
const SEGMENT_AGE_MS = 10_000;
/** What may be taken in at once beyond the rate: so much time of it. */
const BURST_MS = 10_000;
/** A larger trace would take the place of too many others. */
const MAX_TRACE_SHARE = 0.25;
/** Services whose bit is remembered. */
const MAX_FILTERS = 10_000;

const NAME = /^(\d{13})-(\d{13})-(\d{9})\.traces$/;

/**
 * Recently dropped traces, on disk, so that the minutes before something was noticed can still be
 * kept.
 *
 * What arrives faster than `maxBytes` in `maxAgeMs` is left out, so that the ring reaches back as
 * far as it says, whatever the load: it holds a sample then. It is written in large blocks, and a
 * disk that does not keep up loses traces that were dropped anyway, never time.
 */
export class TraceRing {
  /** Traces written, and left out because of the rate, their size or the disk. */
  taken = 0;
  left = 0;
  /** The disk's last refusal, until a write succeeds again. */
  fault: string | undefined;
  /** Times the disk refused. */
  faults = 0;
  private readonly files: RingFiles;
  private readonly strings: Interner;
  private readonly options: RingOptions;
  private readonly events: RingEvents | undefined;
  private readonly segmentBytes: number;
  private open: SegmentWriter;
  private spare: SegmentWriter;
  private openPromoted = new Set<number>();
  private writing: Promise<void> | undefined;
  /** Marks are written one after the other. */
  private marking: Promise<void> = Promise.resolve();
  /** Segments of an earlier run whose marks were not read yet. */
  private readonly unread = new Set<string>();
  private readonly segments: Segment[] = [];
  private counter = 0;
  private tokens: number;
  private filledMs: number | undefined;
  private readonly filters = new Map<string, ServiceFilter>();
  private readonly rows: number[] = [];

  constructor(files: RingFiles, strings: Interner, options: RingOptions, events?: RingEvents) {
    this.files = files;
    this.strings = strings;
    this.options = options;
    this.events = events;
    this.segmentBytes = Math.max(MIN_SEGMENT_BYTES, Math.floor(options.maxBytes / SEGMENTS));
    this.open = new SegmentWriter(this.segmentBytes);
    this.spare = new SegmentWriter(this.segmentBytes);
    this.tokens = this.burst();
    this.find();
  }

  /** Bytes on disk and waiting to be written. */
  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, this.open.bytes);
  }

  /** When its oldest trace was decided, epoch ms; undefined while it is empty. */
  get sinceMs(): number | undefined {
    const oldest = this.segments[0];
    if (oldest !== undefined) return oldest.fromMs;
    return this.open.empty ? undefined : this.open.times.fromMs;
  }

  /** Takes in a trace that was dropped. */
  add(trace: TraceView, nowMs: number): void {
    this.fill(nowMs);
    const about = trace.bytes + TRACE_HEADER_BYTES;
    if (about > this.tokens || about > MAX_TRACE_SHARE * this.segmentBytes) {
      this.left += 1;
      return;
    }
    const { spans } = trace;
    for (let row = this.rows.length; row < spans.count; row += 1) this.rows.push(row);
    const framed = reframe(spans, this.rows.slice(0, spans.count));
    this.tokens -= framed.length + TRACE_HEADER_BYTES;
    const services = this.servicesOf(trace);
    const fits = this.open.add(framed, services, nowMs);
    const taken = fits || (this.turn(nowMs) && this.open.add(framed, services, nowMs));
    if (taken) this.taken += 1;
    else this.left += 1;
  }

  /** Writes what has waited long enough and forgets what is too old. */
  tick(nowMs: number): void {
    const { fromMs } = this.open.times;
    if (!this.open.empty && nowMs - fromMs >= SEGMENT_AGE_MS) this.turn(nowMs);
    this.forget(nowMs);
  }

  /** What there is of the time since then, newest first. */
  parts(sinceMs: number): RingPart[] {
    const open = { name: '', ...this.open.times, promoted: this.openPromoted };
    const all = [...this.segments, ...(this.open.empty ? [] : [open])];
    return all.filter(({ toMs }) => toMs >= sinceMs).reverse();
  }

  /** The traces of a part; none when it has gone or is damaged. */
  async read(part: RingPart): Promise<RingTrace[]> {
    try {
      // The block goes on being written to: what is read from it is a copy.
      const isOpen = part.promoted === this.openPromoted;
      await this.readMarks(part);
      const bytes = isOpen ? Buffer.from(this.open.finish()) : await this.files.read(part.name);
      return readSegment(bytes) ?? [];
    } catch {
      return [];
    }
  }

  /** Call when traces of a part were promoted: a restart does not forget it. */
  note(part: RingPart): void {
    // One that is open, or being written, is noted when it has been written.
    const segment = this.segments.find(({ promoted }) => promoted === part.promoted);
    if (segment !== undefined) this.mark(segment);
  }

  /** Writes what waits, and resolves when it is written. */
  async close(nowMs: number): Promise<void> {
    await this.writing;
    if (!this.open.empty) this.turn(nowMs);
    await this.writing;
    await this.marking;
  }

  /** What an earlier run left. */
  private find(): void {
    const marked: string[] = [];
    for (const { name, bytes } of this.files.list()) {
      const parts = NAME.exec(name);
      if (parts === null) {
        const segment = segmentOfMarks(name);
        if (segment !== undefined) marked.push(segment);
        continue;
      }
      const times = { fromMs: Number(parts[1]), toMs: Number(parts[2]) };
      this.segments.push({ name, bytes, ...times, promoted: new Set() });
      this.counter = Math.max(this.counter, Number(parts[3]));
    }
    this.segments.sort((left, right) => (left.name < right.name ? -1 : 1));
    const names = new Set(this.segments.map(({ name }) => name));
    for (const name of marked) {
      if (names.has(name)) this.unread.add(name);
      else this.remove(marksName(name));
    }
  }

  private async readMarks({ name, promoted }: RingPart): Promise<void> {
    if (!this.unread.has(name)) return;
    for (const at of decodeMarks(await this.files.read(marksName(name)))) promoted.add(at);
    this.unread.delete(name);
  }

  private mark(segment: Segment): void {
    const name = marksName(segment.name);
    this.marking = this.marking
      .then(() => this.files.write(name, encodeMarks(segment.promoted)))
      .then(
        () => {
          this.succeeds();
          if (!this.segments.includes(segment)) this.remove(name);
        },
        (error: Error) => this.fails(error),
      );
  }

  private succeeds(): void {
    if (this.fault === undefined) return;
    this.fault = undefined;
    this.events?.recovered();
  }

  private fails({ message }: Error): void {
    this.faults += 1;
    if (this.fault === undefined) this.events?.failed(message);
    this.fault = message;
  }

  private burst(): number {
    const { maxBytes, maxAgeMs } = this.options;
    return Math.max(this.segmentBytes, (maxBytes / maxAgeMs) * BURST_MS);
  }

  private fill(nowMs: number): void {
    const { maxBytes, maxAgeMs } = this.options;
    const passedMs = Math.max(0, nowMs - (this.filledMs ?? nowMs));
    this.filledMs = nowMs;
    this.tokens = Math.min(this.burst(), this.tokens + (passedMs * maxBytes) / maxAgeMs);
  }

  private servicesOf({ spans }: TraceView): ServiceFilter {
    let [low, high, before] = [0, 0, -1];
    for (let span = 0; span < spans.count; span += 1) {
      const service = spans.service(span);
      if (service === before) continue;
      before = service;
      const filter = this.filter(this.strings.text(service));
      low |= filter.low;
      high |= filter.high;
    }
    return { low: low >>> 0, high: high >>> 0 };
  }

  private filter(service: string): ServiceFilter {
    const known = this.filters.get(service);
    if (known !== undefined) return known;
    const filter = filterOf(service);
    if (this.filters.size >= MAX_FILTERS) this.filters.clear();
    this.filters.set(service, filter);
    return filter;
  }

  /** Begins another segment while the last is being written; false when one still is. */
  private turn(nowMs: number): boolean {
    if (this.writing !== undefined) return false;
    const full = this.open;
    this.open = this.spare;
    this.spare = full;
    const promoted = this.openPromoted;
    this.openPromoted = new Set();
    this.counter += 1;
    const { fromMs, toMs } = full.times;
    const digits = (number: number, length: number) => String(number).padStart(length, '0');
    const name = `${digits(fromMs, 13)}-${digits(toMs, 13)}-${digits(this.counter, 9)}.traces`;
    const bytes = full.finish();
    const segment: Segment = { name, bytes: bytes.length, fromMs, toMs, promoted };
    this.writing = this.files
      .write(name, bytes)
      .then(
        () => {
          this.succeeds();
          this.segments.push(segment);
          if (promoted.size > 0) this.mark(segment);
          this.forget(nowMs);
        },
        (error: Error) => {
          this.remove(name);
          this.fails(error);
        },
      )
      .finally(() => {
        full.clear();
        this.writing = undefined;
      });
    return true;
  }

  private forget(nowMs: number): void {
    const { maxBytes, maxAgeMs } = this.options;
    let bytes = this.bytes;
    for (let oldest = this.segments[0]; oldest !== undefined; oldest = this.segments[0]) {
      // The one being written has its place kept for it.
      const tooMuch = bytes + this.segmentBytes > Math.max(maxBytes, 3 * this.segmentBytes);
      if (!tooMuch && nowMs - oldest.toMs <= maxAgeMs) return;
      this.segments.shift();
      bytes -= oldest.bytes;
      this.remove(oldest.name);
      const marked = this.unread.delete(oldest.name) || oldest.promoted.size > 0;
      if (marked) this.remove(marksName(oldest.name));
    }
  }

  /** A file that cannot be removed is found again at the next start. */
  private remove(name: string): void {
    try {
      this.files.remove(name);
    } catch (error) {
      this.fails(error as Error);
    }
  }
}
