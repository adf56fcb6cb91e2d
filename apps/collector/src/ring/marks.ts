/**
 * Beside a segment: the places of its traces that were promoted, four bytes little-endian each, so
 * that a restart does not bring the same rows back again.
 */
const MARKS = /\.promoted$/;

export function marksName(segment: string): string {
  return segment.replace(/\.traces$/, '.promoted');
}

/** The segment that these marks are about; undefined when the name is not one of marks. */
export function segmentOfMarks(name: string): string | undefined {
  return MARKS.test(name) ? name.replace(MARKS, '.traces') : undefined;
}

export function encodeMarks(promoted: ReadonlySet<number>): Buffer {
  const bytes = Buffer.alloc(promoted.size * 4);
  [...promoted].forEach((place, at) => {
    bytes.writeUInt32LE(place, at * 4);
  });
  return bytes;
}

/** One that was not written whole has what it has. */
export function decodeMarks(bytes: Buffer): number[] {
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) =>
    bytes.readUInt32LE(at * 4),
  );
}
