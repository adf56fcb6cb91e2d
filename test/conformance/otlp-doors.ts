import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import type { RunningCollector } from './otlp-harness.ts';
import { decode } from './otlp-messages.ts';

export type Signal = 'traces' | 'metrics' | 'logs';

/** What a sender hears, whatever the transport: `code` is gRPC's, 0 is OK. */
export interface Reply {
  readonly code: number;
  readonly message: string;
  /** Items of a partial success; undefined where it is unset. */
  readonly rejected: number | undefined;
}

/** A way to send protobuf. */
export interface Door {
  send(signal: Signal, body: Buffer): Promise<Reply>;
  close(): void;
}

const SERVICES: Record<Signal, string> = {
  traces: 'trace.v1.TraceService',
  metrics: 'metrics.v1.MetricsService',
  logs: 'logs.v1.LogsService',
};

function accepted(response: Uint8Array): Reply {
  const partial = decode('ExportResponse', response).partialSuccess as
    | { rejected?: number; errorMessage?: string }
    | undefined;
  return { code: 0, message: partial?.errorMessage ?? '', rejected: partial?.rejected };
}

function refused(status: Uint8Array): Reply {
  const { code, message } = decode('Status', status);
  return { code: Number(code), message: String(message), rejected: undefined };
}

function httpDoor(collector: RunningCollector): Door {
  return {
    async send(signal, body) {
      const response = await fetch(`${collector.http}/v1/${signal}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf' },
        body: body as BodyInit,
      });
      const bytes = new Uint8Array(await response.arrayBuffer());
      return response.status === 200 ? accepted(bytes) : refused(bytes);
    },
    close() {},
  };
}

function grpcDoor(collector: RunningCollector): Door {
  const client = new Client(`127.0.0.1:${collector.grpcPort}`, credentials.createInsecure());
  const plain = (bytes: Buffer) => bytes;
  return {
    send(signal, body) {
      const path = `/opentelemetry.proto.collector.${SERVICES[signal]}/Export`;
      return new Promise((resolve, reject) => {
        const done = (error: ServiceError | null, answer?: Buffer) => {
          if (error === null) return resolve(accepted(answer ?? Buffer.alloc(0)));
          const [status] = error.metadata.get('grpc-status-details-bin') as Buffer[];
          if (status === undefined) reject(error);
          else resolve(refused(status));
        };
        client.makeUnaryRequest(path, plain, plain, body, done);
      });
    },
    close: () => client.close(),
  };
}

export type DoorName = 'http' | 'grpc';

export function openDoor(name: DoorName, collector: RunningCollector): Door {
  return name === 'http' ? httpDoor(collector) : grpcDoor(collector);
}
