import { quantileOfBuckets } from '@flyball/tracing';
import type { Question } from './observer.port.ts';
import { BUCKET_S, type GaugeRow, type QualityRow, type RedRow, type SloRow } from './queries.ts';
import type { GaugeView, QualityView, RedView, SloWindow } from './snapshot.ts';

const DEFAULT_WINDOW_MS = 20_000;
interface RedOfService {
  readonly whole: RedView;
  readonly instances: ReadonlyMap<string, RedView>;
}

export function redByService(
  rows: readonly RedRow[],
  questions: readonly Question[],
  nowMs: number,
): Map<string, RedOfService> {
  const windows = new Map(questions.map(({ service, windowMs }) => [service, windowMs]));
  const grouped = Map.groupBy(rows, (row) => row.service);
  return new Map(
    [...grouped].map(([service, parts]) => {
      const windowMs = coveredMs(windows.get(service) ?? DEFAULT_WINDOW_MS, nowMs);
      const instances = new Map(
        parts.map((row) => [row.instance, redView([row], windowMs, nowMs)]),
      );
      return [service, { whole: redView(parts, windowMs, nowMs), instances }];
    }),
  );
}

/** From the start of the bucket in which the window begins until now. */
function coveredMs(windowMs: number, nowMs: number): number {
  const bucketMs = BUCKET_S * 1000;
  return nowMs - Math.floor((nowMs - windowMs) / bucketMs) * bucketMs;
}

function redView(rows: readonly RedRow[], windowMs: number, nowMs: number): RedView {
  const histogram = new Map<number, number>();
  let [requests, errors, totalNs, newestS] = [0, 0, 0, 0];
  for (const row of rows) {
    requests += Number(row.requests);
    errors += Number(row.failed);
    totalNs += Number(row.total_ns);
    newestS = Math.max(newestS, row.newest);
    for (const [bucket, count] of Object.entries(row.hist)) {
      const index = Number(bucket);
      histogram.set(index, (histogram.get(index) ?? 0) + Number(count));
    }
  }
  return {
    windowMs,
    requests,
    errors,
    p99Ms: quantileMs(histogram, 0.99),
    p50Ms: quantileMs(histogram, 0.5),
    inflight: totalNs / 1e6 / windowMs,
    // A bucket may have been written to until its end.
    newestMs: Math.min(nowMs, (newestS + BUCKET_S) * 1000),
  };
}

function quantileMs(histogram: ReadonlyMap<number, number>, q: number): number | null {
  const ns = quantileOfBuckets(histogram, q);
  return ns === undefined ? null : ns / 1e6;
}

export function gaugesByService(
  rows: readonly GaugeRow[],
): Map<string, Map<string, Map<string, GaugeView>>> {
  const services = new Map<string, Map<string, Map<string, GaugeView>>>();
  for (const row of rows) {
    if (row.value === null || !Number.isFinite(row.value)) continue;
    const metrics = services.get(row.service) ?? new Map<string, Map<string, GaugeView>>();
    const instances = metrics.get(row.metric) ?? new Map<string, GaugeView>();
    instances.set(row.instance, { value: row.value, newestMs: Number(row.newest_ms) });
    metrics.set(row.metric, instances);
    services.set(row.service, metrics);
  }
  return services;
}

export function sloByService(
  rows: readonly SloRow[],
  questions: readonly Question[],
  windowsS: readonly number[],
): Map<string, SloWindow[]> {
  const byService = new Map(rows.map((row) => [row.service, row]));
  const views = new Map<string, SloWindow[]>();
  for (const { service, sloWindowsMs } of questions) {
    const row = byService.get(service);
    if (row === undefined) continue;
    const windows = sloWindowsMs.map((windowMs) => {
      const index = windowsS.indexOf(Math.ceil(windowMs / 1000));
      return {
        windowMs,
        requests: Number(row[`r${index}`]),
        errors: Number(row[`e${index}`]),
        slow: Number(row[`s${index}`]),
      };
    });
    views.set(service, windows);
  }
  return views;
}

export function qualityByService(
  rows: readonly QualityRow[],
): Map<string, { readonly quality: QualityView }> {
  return new Map(
    rows.map(({ service, received, refused, backwards }) => {
      const rejected = Number(refused);
      const quality = { received: Number(received), rejected, negative: Number(backwards) };
      return [service, { quality }];
    }),
  );
}
