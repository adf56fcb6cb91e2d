import { TIMES_FROM_NS } from './encode.ts';
import type { Random } from './random.ts';
import type { BodyTemplate, GroupTemplate } from './template.ts';

/** Room for gRPC's frame before each body: a flag and the length. */
export const PREFIX = 5;

/** A body to be sent: gRPC's frame, then the request. */
export interface FreshBody {
  readonly template: BodyTemplate;
  /** With {@link PREFIX}; HTTP sends it from there on. */
  readonly framed: Buffer;
}

const U32 = 2 ** 32;

/**
 * Fills ids and times into copies of a group's bodies. Everything that differs from sending to
 * sending is written over, so a copy may serve again once its answer has come.
 */
export class FreshGroups {
  private readonly random: Random;
  private readonly pools = new Map<BodyTemplate, FreshBody[]>();
  private traceWords = new Uint32Array(0);
  private spanWords = new Uint32Array(0);

  constructor(random: Random) {
    this.random = random;
  }

  /** The group's bodies with new ids, ending at `nowMs` (epoch ms). */
  make(group: GroupTemplate, nowMs: number): FreshBody[] {
    this.draw(group);
    return group.bodies.map((template) => {
      const body = this.pools.get(template)?.pop() ?? newBody(template);
      this.fill(body, nowMs);
      return body;
    });
  }

  /** Gives a body back that nobody reads any more. */
  giveBack(body: FreshBody): void {
    const pool = this.pools.get(body.template);
    if (pool === undefined) this.pools.set(body.template, [body]);
    else pool.push(body);
  }

  private draw({ traces, spans }: GroupTemplate): void {
    if (this.traceWords.length < 4 * traces) this.traceWords = new Uint32Array(4 * traces);
    if (this.spanWords.length < 2 * spans) this.spanWords = new Uint32Array(2 * spans);
    const { random, traceWords, spanWords } = this;
    for (let at = 0; at < 4 * traces; at += 1) traceWords[at] = random.word();
    // An id of zeros would be invalid.
    for (let at = 0; at < 2 * spans; at += 1) spanWords[at] = random.word() | 1;
  }

  private fill({ template, framed }: FreshBody, nowMs: number): void {
    const view = new DataView(framed.buffer, framed.byteOffset + PREFIX);
    const { traceWords, spanWords } = this;
    for (let at = 0; at < template.spans; at += 1) {
      const trace = 4 * (template.traceOf[at] as number);
      const traceAt = template.traceAt[at] as number;
      for (let word = 0; word < 4; word += 1) {
        view.setUint32(traceAt + 4 * word, traceWords[trace + word] as number);
      }
      const span = 2 * (template.spanOf[at] as number);
      const spanAt = template.spanAt[at] as number;
      view.setUint32(spanAt, spanWords[span] as number);
      view.setUint32(spanAt + 4, spanWords[span + 1] as number);
      const parentAt = template.parentAt[at] as number;
      if (parentAt < 0) continue;
      const parent = 2 * (template.parentOf[at] as number);
      view.setUint32(parentAt, spanWords[parent] as number);
      view.setUint32(parentAt + 4, spanWords[parent + 1] as number);
    }
    fillTimes(view, template, nowMs);
  }
}

function newBody(template: BodyTemplate): FreshBody {
  // Not from Node's shared pool: a view into it would reach other bodies.
  const framed = Buffer.alloc(PREFIX + template.bytes.length);
  framed.writeUInt32BE(template.bytes.length, 1);
  framed.set(template.bytes, PREFIX);
  return { template, framed };
}

function fillTimes(view: DataView, { timeAt, timeNs }: BodyTemplate, nowMs: number): void {
  const beginNs = BigInt(nowMs) * 1_000_000n - BigInt(TIMES_FROM_NS);
  const low = Number(beginNs & 0xffffffffn);
  const high = Number(beginNs >> 32n);
  for (let index = 0; index < timeAt.length; index += 1) {
    const at = timeAt[index] as number;
    const sum = low + (timeNs[index] as number);
    view.setUint32(at, sum % U32, true);
    view.setUint32(at + 4, high + Math.floor(sum / U32), true);
  }
}
