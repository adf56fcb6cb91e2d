import type { RingFiles } from './files.port.ts';

/** Segments in memory, on a disk that can be slow or refuse. */
export class FakeRingFiles implements RingFiles {
  readonly contents = new Map<string, Buffer>();
  fault: string | undefined;
  /** While set, writes wait for it. */
  gate: Promise<void> | undefined;

  list() {
    return [...this.contents].map(([name, { length }]) => ({ name, bytes: length }));
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    await this.gate;
    if (this.fault !== undefined) throw new Error(this.fault);
    this.contents.set(name, Buffer.from(bytes));
  }

  async read(name: string): Promise<Buffer> {
    const content = this.contents.get(name);
    if (content === undefined) throw new Error(`ENOENT: ${name}`);
    return content;
  }

  remove(name: string): void {
    this.contents.delete(name);
  }
}
