import type { KeptLoop, KeptMode, Memory } from './memory.port.ts';

/** Keeps everything as JSON text, as a database would. */
export class FakeMemory implements Memory {
  fence = 0;
  #loops = new Map<string, string>();
  #modes = new Map<string, string>();

  async load(): Promise<{ loops: Map<string, KeptLoop>; modes: Map<string, KeptMode> }> {
    return {
      loops: new Map([...this.#loops].map(([id, text]) => [id, JSON.parse(text) as KeptLoop])),
      modes: new Map([...this.#modes].map(([id, text]) => [id, JSON.parse(text) as KeptMode])),
    };
  }

  async save(
    fence: number,
    loops: ReadonlyMap<string, KeptLoop>,
    modes: ReadonlyMap<string, KeptMode>,
  ): Promise<boolean> {
    if (fence < this.fence) return false;
    this.fence = fence;
    for (const [id, loop] of loops) this.#loops.set(id, JSON.stringify(loop));
    for (const [service, mode] of modes) this.#modes.set(service, JSON.stringify(mode));
    return true;
  }
}
