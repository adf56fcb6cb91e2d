import { expand, OWN } from './expand.ts';
import { buildTree } from './tree.ts';
import {
  AMBIGUOUS,
  CERTAIN,
  type PathInput,
  type PathSegments,
  type PathWarning,
} from './types.ts';
import { createPathWorkspace, type PathWorkspace } from './workspace.ts';

/**
 * The critical path of one trace. Arrays belong to the workspace: they may be longer than the
 * trace, and hold until the workspace is used for the next trace.
 */
export interface CriticalPath {
  /** Index of the root, or -1 when no span can be one; then there are no segments. */
  readonly rootIndex: number;
  /** Duration of the root in ns: the sum of all segments. */
  readonly durationNs: number;
  readonly segments: PathSegments;
  /** Per span: its own time on the path, in ns. */
  readonly exclusiveNs: Float64Array;
  /** Per span: by how much its clock was corrected, in ns; segments are in corrected times. */
  readonly shiftNs: Float64Array;
  /** Why the answer is partial, or rests on corrections; empty when neither. */
  readonly warnings: readonly PathWarning[];
  /** Spans left out because their parent is not in the trace. */
  readonly orphanSpans: number;
  readonly workspace: PathWorkspace;
  readonly generation: number;
}

/**
 * Which span the root was waiting for, at every moment.
 *
 * Law: walk back from the root's end. In span S at right edge R take the blocking child that ended
 * last by R (within the tolerance); the gap is S's own; go on inside the child, then in S from the
 * child's start. Every moment of the root is in exactly one segment.
 *
 * Never throws on bad traces: what cannot be placed is left out and said in `warnings`.
 * O(n log n), no recursion. Rules and examples: docs/critical-path.md.
 */
export function criticalPath(
  input: PathInput,
  workspace: PathWorkspace = createPathWorkspace(),
): CriticalPath {
  const ws = workspace;
  const { rootIndex, rootMissing, orphanSpans, warnings } = buildTree(input, ws);
  ws.exclusive.fill(0, 0, input.n);
  const confidence = rootMissing ? AMBIGUOUS : CERTAIN;
  const count = rootIndex === -1 ? 0 : walk(ws, rootIndex, confidence);
  return {
    rootIndex,
    durationNs: rootIndex === -1 ? 0 : ws.end[rootIndex]! - ws.start[rootIndex]!,
    segments: {
      count,
      span: ws.segmentSpan,
      startNs: ws.segmentStart,
      endNs: ws.segmentEnd,
      confidence: ws.segmentConfidence,
    },
    exclusiveNs: ws.exclusive,
    shiftNs: ws.shift,
    warnings,
    orphanSpans,
    workspace: ws,
    generation: ws.generation,
  };
}

/** Throws when `path` no longer holds because its workspace has served another trace since. */
export function assertCurrent(path: CriticalPath): void {
  if (path.generation !== path.workspace.generation) {
    throw new Error(
      'This critical path was overwritten: its workspace was used for another trace. ' +
        'Finish with one trace before the next, or give each its own workspace.',
    );
  }
}

function walk(ws: PathWorkspace, root: number, confidence: number): number {
  let segments = 0;
  let depth = 1;
  ws.clipStart[root] = ws.start[root]!;
  ws.windowEnd[root] = ws.end[root]!;
  ws.stackSpan[0] = root;
  ws.stackOwn[0] = 0;
  ws.stackStart[0] = ws.start[root]!;
  ws.stackEnd[0] = ws.end[root]!;
  ws.stackConfidence[0] = confidence;
  while (depth > 0) {
    depth--;
    const span = ws.stackSpan[depth]!;
    const start = ws.stackStart[depth]!;
    const end = ws.stackEnd[depth]!;
    const sure = ws.stackConfidence[depth]!;
    if (start === end) continue;
    if (ws.stackOwn[depth] === 0 && ws.firstChild[span] !== -1) {
      expand(ws, span, sure);
      for (let i = 0; i < ws.stretchCount; i++) {
        const child = ws.stretchSpan[i]!;
        ws.stackSpan[depth] = child === OWN ? span : child;
        ws.stackOwn[depth] = child === OWN ? 1 : 0;
        ws.stackStart[depth] = ws.stretchStart[i]!;
        ws.stackEnd[depth] = ws.stretchEnd[i]!;
        ws.stackConfidence[depth] = ws.stretchConfidence[i]!;
        depth++;
      }
      continue;
    }
    ws.segmentSpan[segments] = span;
    ws.segmentStart[segments] = start;
    ws.segmentEnd[segments] = end;
    ws.segmentConfidence[segments] = sure;
    ws.exclusive[span]! += end - start;
    segments++;
  }
  return segments;
}
