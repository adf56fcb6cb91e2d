'use client';

import clsx from 'clsx';
import { ChevronDown, ChevronRight, CircleX, Unlink } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { formatNs } from '../../lib/format.ts';
import type { Model } from '../../lib/waterfall/model.ts';
import { type PathPiece, piecesOfGroup, piecesUnder } from '../../lib/waterfall/path.ts';
import type { GroupRow, Row, SpanRow } from '../../lib/waterfall/rows.ts';
import { placeInView, type View } from '../../lib/waterfall/view.ts';
import { seriesColour } from '../charts/axes.ts';
import { columnsClass } from './columns.ts';
import { PathLine } from './path-line.tsx';

export const rowHeight = 26;

type Props = {
  id: string;
  row: Row;
  model: Model;
  view: View;
  selected: boolean;
  onSelect: (node: number) => void;
  onToggle: (row: Row) => void;
};

export const WaterfallRow = memo(function WaterfallRow(props: Props) {
  const { row } = props;
  return row.kind === 'span' ? <Span {...props} row={row} /> : <Grouped {...props} row={row} />;
});

function Span({ id, row, model, view, selected, onSelect, onToggle }: Props & { row: SpanRow }) {
  const node = model.tree.nodes[row.node]!;
  const { span } = node;
  // The bar of a closed row shows the path of everything beneath it.
  const pieces = piecesUnder(model.path, row.node, row.open ? row.node + 1 : node.end);
  const colour = seriesColour(model.colourOf.get(span.service) ?? 0);
  const failed = span.status === 'Error';
  return (
    <Frame
      id={id}
      row={row}
      selected={selected}
      open={row.hasChildren ? row.open : null}
      onSelect={() => onSelect(row.node)}
    >
      <Name
        depth={row.depth}
        open={row.hasChildren ? row.open : null}
        onToggle={() => onToggle(row)}
      >
        <i
          aria-hidden
          className="h-3.5 w-1 shrink-0 rounded-[1px]"
          style={{ background: colour }}
        />
        {failed ? <CircleX size={12} aria-label="error" className="shrink-0 text-bad" /> : null}
        {node.orphan ? (
          <Unlink
            size={12}
            aria-label="its parent was not received"
            className="shrink-0 text-warn"
          />
        ) : null}
        <span className={clsx('truncate', row.context && 'text-faint')}>
          <span className="font-medium">{span.service}</span>{' '}
          <span className="text-muted">{span.operation}</span>
        </span>
      </Name>
      <Bar
        startNs={span.startOffsetNs}
        endNs={span.startOffsetNs + span.durationNs}
        label={formatNs(span.durationNs)}
        view={view}
        pieces={pieces}
        style={{ background: colour, ...(row.context ? { opacity: 0.35 } : {}) }}
      />
    </Frame>
  );
}

function Grouped({ id, row, model, view, selected, onToggle }: Props & { row: GroupRow }) {
  const { group } = row;
  const { span } = model.tree.nodes[group.members[0]!]!;
  const colour = seriesColour(model.colourOf.get(span.service) ?? 0);
  const share = group.onPathNs / Math.max(1, model.detail.durationNs);
  const label =
    `${group.members.length} × p95 ${formatNs(group.p95Ns)}, total ${formatNs(group.totalNs)}` +
    (share > 0 ? `, ${Math.round(share * 100)} % of the path` : '');
  return (
    <Frame id={id} row={row} selected={selected} open={row.open} onSelect={() => onToggle(row)}>
      <Name depth={row.depth} open={row.open} onToggle={() => onToggle(row)}>
        <i
          aria-hidden
          className="h-3.5 w-1 shrink-0 rounded-[1px]"
          style={{ background: colour }}
        />
        {group.errors > 0 ? (
          <CircleX size={12} aria-label={`${group.errors} errors`} className="shrink-0 text-bad" />
        ) : null}
        <span className="shrink-0 rounded bg-sunken px-1 text-xs">{group.members.length} ×</span>
        <span className="truncate">
          <span className="font-medium">{span.service}</span>{' '}
          <span className="text-muted">{span.operation}</span>
        </span>
      </Name>
      <Bar
        startNs={group.startNs}
        endNs={group.endNs}
        label={label}
        view={view}
        pieces={row.open ? [] : piecesOfGroup(model.path, model.tree, group)}
        style={{
          backgroundImage: `repeating-linear-gradient(90deg, ${colour} 0 3px, transparent 3px 5px)`,
        }}
      />
    </Frame>
  );
}

function Frame(props: {
  id: string;
  row: Row;
  selected: boolean;
  open: boolean | null;
  onSelect: () => void;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the tree has the keys, rows are its items
    <div
      id={props.id}
      role="treeitem"
      tabIndex={-1}
      aria-level={props.row.depth + 1}
      aria-selected={props.selected}
      {...(props.open === null ? {} : { 'aria-expanded': props.open })}
      onClick={props.onSelect}
      className={clsx(
        columnsClass,
        'h-full cursor-pointer text-sm',
        props.selected ? 'bg-accent-soft' : 'hover:bg-sunken',
      )}
    >
      {props.children}
    </div>
  );
}

const deepestIndent = 16;

function Name(props: {
  depth: number;
  open: boolean | null;
  onToggle: () => void;
  children: ReactNode;
}) {
  const Icon = props.open ? ChevronDown : ChevronRight;
  return (
    <div
      className={clsx(
        'flex min-w-0 items-center gap-1.5 overflow-hidden border-r pr-2',
        '[--indent:5px] md:[--indent:10px]',
      )}
      style={{
        paddingLeft: `calc(4px + ${Math.min(props.depth, deepestIndent)} * var(--indent))`,
      }}
    >
      {props.open === null ? (
        <span className="w-4 shrink-0" />
      ) : (
        <button
          type="button"
          tabIndex={-1}
          aria-label={props.open ? 'Close' : 'Open'}
          className={clsx(
            'flex size-4 shrink-0 items-center justify-center rounded text-muted',
            'hover:bg-line',
          )}
          onClick={(event) => {
            event.stopPropagation();
            props.onToggle();
          }}
        >
          <Icon size={13} aria-hidden />
        </button>
      )}
      {props.children}
    </div>
  );
}

function Bar(props: {
  startNs: number;
  endNs: number;
  label: string;
  view: View;
  pieces: readonly PathPiece[];
  style: React.CSSProperties;
}) {
  const place = placeInView(props.view, props.startNs, props.endNs);
  if (place === null) return <div />;
  const right = place.left + place.width;
  return (
    <div className="relative mr-3 overflow-hidden">
      <div
        className="absolute top-[6px] h-[14px] rounded-[2px]"
        style={{ left: `${place.left}%`, width: `max(2px, ${place.width}%)`, ...props.style }}
      />
      {props.pieces.map((piece) => (
        <PathLine key={`${piece.startNs}-${piece.node}`} piece={piece} view={props.view} />
      ))}
      <span
        className={clsx(
          'absolute top-[5px] rounded-[2px] bg-surface/90 px-[3px] text-xs leading-4',
          'whitespace-nowrap text-muted',
        )}
        style={labelPlace(place.left, right)}
      >
        {props.label}
      </span>
    </div>
  );
}

/** Behind the bar, or before it, or within a bar that leaves room on neither side. */
function labelPlace(left: number, right: number): React.CSSProperties {
  if (right < 86) return { left: `calc(${right}% + 5px)` };
  if (left > 14) return { right: `calc(${100 - left}% + 4px)` };
  return { right: '14%' };
}
