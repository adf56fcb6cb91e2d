/** A line longer than this is no observation; what follows its end is read again. */
const LONGEST = 1_000_000;

/** Pieces of text as lines, each once it is whole; the last one may lack its end. */
export async function* linesOf(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    rest += typeof piece === 'string' ? piece : decoder.decode(piece, { stream: true });
    const lines = rest.split('\n');
    rest = (lines.pop() ?? '').slice(0, LONGEST);
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
