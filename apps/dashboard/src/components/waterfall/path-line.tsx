import type { PathPiece } from '../../lib/waterfall/path.ts';
import { placeInView, type View } from '../../lib/waterfall/view.ts';

const styles = { certain: 'solid', inferred: 'dashed', ambiguous: 'dotted' } as const;

/** The path within a row: a line with a halo; its style says how certain it is. */
export function PathLine({ piece, view }: { piece: PathPiece; view: View }) {
  const place = placeInView(view, piece.startNs, piece.endNs);
  if (place === null) return null;
  return (
    <div
      title={`on the critical path (${piece.confidence})`}
      className="absolute top-[10px] flex h-[6px] items-center"
      style={{
        left: `${place.left}%`,
        width: `max(2px, ${place.width}%)`,
        background: 'var(--path-halo)',
      }}
    >
      <div
        className="w-full"
        style={{ borderTop: `2px ${styles[piece.confidence]} var(--path)` }}
      />
    </div>
  );
}
