import type { TraceSpan } from '@flyball/contract';

/**
 * Spans from a drawing: one line a span, indented under its parent, `service operation from-to`
 * in milliseconds. `!` after the interval marks an error.
 */
export function spansOf(drawing: string): TraceSpan[] {
  const stack: { indent: number; id: string }[] = [];
  return drawing
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const match = /^(\s*)(\S+) (\S+) (\d+)-(\d+)(!?)$/.exec(line);
      if (!match) throw new Error(`not a span: "${line}"`);
      const [, indentText, service, operation, from, to, failed] = match;
      const indent = indentText!.length;
      while (stack.length > 0 && stack.at(-1)!.indent >= indent) stack.pop();
      const parentSpanId = stack.at(-1)?.id ?? null;
      const id = `s${index}`;
      stack.push({ indent, id });
      return span(id, parentSpanId, {
        service: service!,
        operation: operation!,
        startOffsetNs: Number(from) * 1e6,
        durationNs: (Number(to) - Number(from)) * 1e6,
        status: failed === '!' ? 'Error' : 'Unset',
      });
    });
}

export function span(
  spanId: string,
  parentSpanId: string | null,
  rest: Partial<TraceSpan>,
): TraceSpan {
  return {
    spanId,
    parentSpanId,
    service: 'a',
    instance: null,
    operation: 'op',
    kind: 'Internal',
    status: 'Unset',
    statusMessage: '',
    startOffsetNs: 0,
    durationNs: 1,
    attributes: {},
    resourceAttributes: {},
    scopeName: '',
    traceState: '',
    events: [],
    links: [],
    slackNs: null,
    dragNs: null,
    onPathNs: 0,
    shiftNs: 0,
    ...rest,
  };
}
