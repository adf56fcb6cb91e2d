import type { Evidence } from '@flyball/contract';
import Link from 'next/link';
import { formatClock, formatUnit } from '../../lib/format.ts';

/** The facts a decision rests on, as they were when it was made. */
export function EvidenceTable({ evidence }: { evidence: readonly Evidence[] }) {
  if (evidence.length === 0) {
    return <p className="text-sm text-muted">No evidence was recorded.</p>;
  }
  return (
    <div className="overflow-x-auto">
      <table className="w-full text-sm">
        <thead>
          <tr className="text-left text-xs text-muted">
            <th className="py-1 pr-3">Signal</th>
            <th className="py-1 pr-3 text-right">Value</th>
            <th className="py-1 pr-3">Against</th>
            <th className="py-1 pr-3">Observed</th>
            <th className="py-1 pr-3 max-sm:hidden">Source</th>
            <th className="py-1">Examples</th>
          </tr>
        </thead>
        <tbody className="divide-y border-t">
          {evidence.map((fact) => (
            <tr key={fact.id} className="align-top">
              <td className="py-1 pr-3">
                {fact.signal}
                {fact.scope.instance ? (
                  <span className="block text-xs text-muted">{fact.scope.instance}</span>
                ) : null}
              </td>
              <td className="py-1 pr-3 text-right font-medium whitespace-nowrap">
                {formatUnit(fact.value, fact.unit)}
              </td>
              <td className="py-1 pr-3 whitespace-nowrap">{fact.threshold ?? '–'}</td>
              <td className="py-1 pr-3 whitespace-nowrap">
                {formatClock(fact.observedAtMs)}
                <span className="block text-xs text-muted">{fact.freshness}</span>
              </td>
              <td className="py-1 pr-3 text-xs text-muted max-sm:hidden">{fact.source}</td>
              <td className="py-1">
                <TraceLinks ids={fact.exampleTraceIds} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const mostLinks = 3;

export function TraceLinks({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return <span className="text-muted">–</span>;
  return (
    <span className="flex flex-wrap gap-x-2">
      {ids.slice(0, mostLinks).map((id) => (
        <Link
          key={id}
          href={`/traces/${id}`}
          title={`Trace ${id}`}
          className="font-mono text-xs text-accent underline-offset-2 hover:underline"
        >
          {id.slice(0, 8)}
        </Link>
      ))}
    </span>
  );
}
