/** Gauges that policies call by a shorter word. */
const ALIASES: Readonly<Record<string, string>> = { 'cpu.utilization': 'process.cpu.utilization' };

/** The metric behind a policy's word for a gauge. */
export function gaugeMetric(word: string): string {
  return ALIASES[word] ?? word;
}
