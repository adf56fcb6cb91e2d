import type { SpoolFiles } from './files.port.ts';

/** Files in memory, whose disk can be made to fill up in the middle of a write. */
export class FakeFiles implements SpoolFiles {
  readonly contents = new Map<string, Buffer>();
  readonly setAsideFor = new Map<string, string>();
  readonly synced: string[] = [];
  /** Bytes that still fit on the disk. */
  room = Number.POSITIVE_INFINITY;
  /** The disk does not let blocks be put aside. */
  asideFault: string | undefined;
  private readonly open = new Map<number, string>();
  private nextFd = 10;

  list() {
    return [...this.contents].map(([name, content]) => ({ name, bytes: content.length }));
  }

  create(name: string): number {
    if (this.contents.has(name)) throw new Error(`EEXIST: ${name}`);
    this.contents.set(name, Buffer.alloc(0));
    this.nextFd += 1;
    this.open.set(this.nextFd, name);
    return this.nextFd;
  }

  append(fd: number, parts: readonly Uint8Array[]): void {
    const whole = Buffer.concat(parts);
    const fits = whole.subarray(0, Math.min(whole.length, this.room));
    this.room -= fits.length;
    this.contents.set(this.nameOf(fd), Buffer.concat([this.contentOf(fd), fits]));
    if (fits.length < whole.length) throw new Error('ENOSPC: no space left on device');
  }

  truncate(fd: number, bytes: number): void {
    this.contents.set(this.nameOf(fd), this.contentOf(fd).subarray(0, bytes));
  }

  async sync(fd: number): Promise<void> {
    this.synced.push(this.nameOf(fd));
  }

  close(fd: number): void {
    this.open.delete(fd);
  }

  async read(name: string): Promise<Buffer> {
    const content = this.contents.get(name);
    if (content === undefined) throw new Error(`ENOENT: ${name}`);
    return content;
  }

  remove(name: string): void {
    this.contents.delete(name);
  }

  setAside(name: string, reason: string): number {
    if (this.asideFault !== undefined) throw new Error(this.asideFault);
    this.setAsideFor.set(name, reason);
    this.contents.delete(name);
    return 0;
  }

  aside(): string[] {
    return [...this.setAsideFor.keys()];
  }

  private nameOf(fd: number): string {
    const name = this.open.get(fd);
    if (name === undefined) throw new Error(`EBADF: ${fd}`);
    return name;
  }

  private contentOf(fd: number): Buffer {
    return this.contents.get(this.nameOf(fd)) ?? Buffer.alloc(0);
  }
}
