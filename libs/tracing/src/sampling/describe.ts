import type {
  Condition,
  CostUnit,
  KeyField,
  NewThing,
  SamplerSpec,
  SpanCondition,
  TextTest,
  ValueTest,
} from './rules.ts';

/** A condition in words, as `explain` and `check` say it. */
export function describeCondition(condition: Condition): string {
  switch (condition.kind) {
    case 'latency':
      return `the trace takes ${bounds(condition.overMs, condition.underMs, 'ms')}`;
    case 'span':
      return `a span has ${describeSpan(condition.where)}`;
    case 'root':
      return `the root has ${describeSpan(condition.where)}`;
    case 'span_count': {
      const { atLeast, atMost } = condition;
      const words = [
        atLeast === undefined ? '' : `at least ${atLeast}`,
        atMost === undefined ? '' : `at most ${atMost}`,
      ];
      return `the trace has ${words.filter((word) => word !== '').join(' and ')} spans`;
    }
    case 'critical_path':
      return describePath(condition);
    case 'edge':
      return `${condition.caller} calls ${condition.callee}`;
    case 'new':
      return describeNew(condition);
    case 'all':
      return joined(condition.of.map(describeCondition), 'and');
    case 'any':
      return joined(condition.of.map(describeCondition), 'or');
    case 'not':
      return `not (${describeCondition(condition.of)})`;
  }
}

function describePath(path: Condition & { kind: 'critical_path' }): string {
  const { overMs, overShare, service, operation } = path;
  const whose = [
    service === undefined ? '' : `service ${describeText(service)}`,
    operation === undefined ? '' : `operation ${describeText(operation)}`,
  ].filter((word) => word !== '');
  const whom = whose.length === 0 ? 'all spans' : whose.join(' and ');
  const share = overShare === undefined ? '' : `more than ${percent(overShare)} of it`;
  const time = overMs === undefined ? '' : `more than ${overMs} ms`;
  const much = [time, share].filter((word) => word !== '').join(' and ');
  return `the critical path waits for ${whom} ${much}`;
}

const NEW_THINGS: Readonly<Record<NewThing, string>> = {
  edge: 'a call between services',
  operation: 'an operation',
  version: 'a version of a service',
};

function describeNew({ what, unseenForMs, forMs }: Condition & { kind: 'new' }): string {
  const absent = unseenForMs === undefined ? 'before' : `for ${unseenForMs} ms`;
  const lasting = forMs === 0 ? '' : `, or became so less than ${forMs} ms ago`;
  return `the trace has ${NEW_THINGS[what]} not seen ${absent}${lasting}`;
}

function describeSpan(condition: SpanCondition): string {
  switch (condition.kind) {
    case 'status':
      return `status ${condition.anyOf.join(' or ')}`;
    case 'span_kind':
      return `kind ${condition.anyOf.join(' or ')}`;
    case 'latency':
      return `a duration of ${bounds(condition.overMs, condition.underMs, 'ms')}`;
    case 'service':
      return `service ${describeText(condition.name)}`;
    case 'operation':
      return `operation ${describeText(condition.name)}`;
    case 'attribute': {
      const where = condition.on === 'either' ? '' : ` (${condition.on})`;
      return `attribute ${condition.key}${where} ${describeValue(condition.value)}`;
    }
    case 'flag':
      return `trace flag ${condition.flag} ${condition.is ? 'set' : 'not set'}`;
    case 'trace_state':
      return `tracestate ${condition.key} ${describeValue(condition.value)}`;
    case 'all':
      return joined(condition.of.map(describeSpan), 'and');
    case 'any':
      return joined(condition.of.map(describeSpan), 'or');
    case 'not':
      return `not (${describeSpan(condition.of)})`;
  }
}

function describeText(test: TextTest): string {
  if (test.kind === 'matches') return `matching /${test.pattern}/`;
  return test.values.map((value) => JSON.stringify(value)).join(' or ');
}

function describeValue(test: ValueTest): string {
  switch (test.kind) {
    case 'exists':
      return 'present';
    case 'boolean':
      return String(test.is);
    case 'number':
      return numberBounds(test);
    default:
      return describeText(test);
  }
}

function numberBounds({ above, atLeast, below, atMost }: ValueTest & { kind: 'number' }): string {
  if (atLeast !== undefined && atLeast === atMost) return `= ${atLeast}`;
  const words = [
    above === undefined ? '' : `> ${above}`,
    atLeast === undefined ? '' : `>= ${atLeast}`,
    below === undefined ? '' : `< ${below}`,
    atMost === undefined ? '' : `<= ${atMost}`,
  ];
  return words.filter((word) => word !== '').join(' and ');
}

function bounds(over: number | undefined, under: number | undefined, unit: string): string {
  const words = [
    over === undefined ? '' : `more than ${over} ${unit}`,
    under === undefined ? '' : `less than ${under} ${unit}`,
  ];
  return words.filter((word) => word !== '').join(' and ');
}

function joined(parts: readonly string[], word: string): string {
  if (parts.length === 1) return parts[0] as string;
  return parts.map((part) => `(${part})`).join(` ${word} `);
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(4))} %`;
}

/** What a rule does with the traces it matches, in words. */
export function describeSampler(sampler: SamplerSpec): string {
  switch (sampler.kind) {
    case 'drop':
      return 'dropped, whatever other rules say';
    case 'probability':
      return sampler.probability === 0 ? 'dropped' : `${percent(sampler.probability)} kept`;
    case 'limit':
      return `at most ${rate(sampler.perSecond, sampler.unit)} kept${cap(sampler.probability)}`;
    case 'dynamic': {
      const { target, unit, by } = sampler;
      const much = target.kind === 'share' ? percent(target.share) : rate(target.perSecond, unit);
      return `${much} kept, rare ones first, by ${by.map(describeField).join(', ')}`;
    }
    case 'budget': {
      const parts = sampler.parts.map(
        ({ name, share, probability, when }) =>
          `${name} (share ${share}${cap(probability)}): ${
            when === undefined ? 'the rest' : describeCondition(when)
          }`,
      );
      return `at most ${rate(sampler.perSecond, sampler.unit)} kept, shared by ${parts.join('; ')}`;
    }
  }
}

function cap(probability: number): string {
  return probability >= 1 ? '' : `, never more than ${percent(probability)}`;
}

function rate(perSecond: number, unit: CostUnit): string {
  return `${perSecond} ${unit}/s`;
}

function describeField(field: KeyField): string {
  return field.kind === 'attribute' ? field.key : field.kind;
}
