'use client';

import type { Overview } from '@flyball/contract';
import { useState } from 'react';
import { CodeBlock } from '../ui/copy-text.tsx';
import { TabBar } from '../ui/tab-bar.tsx';

type Endpoints = Overview['endpoints'];

const guides = [
  { id: 'any', label: 'Any SDK' },
  { id: 'node', label: 'Node' },
  { id: 'python', label: 'Python' },
  { id: 'java', label: 'Java' },
  { id: 'go', label: 'Go' },
  { id: 'curl', label: 'By hand' },
] as const;
type Guide = (typeof guides)[number]['id'];

/** How to send data here: two variables, and what each language needs besides. */
export function SendData({ endpoints }: { endpoints: Endpoints }) {
  const [guide, setGuide] = useState<Guide>('any');
  return (
    <div>
      <p className="mb-2 text-sm">
        No telemetry needs to be installed but your language’s OpenTelemetry SDK. Point it here;
        services appear on this page within seconds.
      </p>
      <TabBar label="Language" value={guide} onChange={setGuide} tabs={guides}>
        <CodeBlock text={commands(guide, endpoints)} />
      </TabBar>
      <p className="mt-2 text-xs text-muted">
        gRPC goes to <code className="font-mono">{endpoints.otlpGrpc}</code>, HTTP (protobuf or
        JSON) to <code className="font-mono">{endpoints.otlpHttp}</code>.
      </p>
    </div>
  );
}

function commands(guide: Guide, { otlpHttp }: Endpoints): string {
  const variables =
    `export OTEL_EXPORTER_OTLP_ENDPOINT=${otlpHttp}\n` +
    'export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf\n' +
    'export OTEL_SERVICE_NAME=my-service';
  switch (guide) {
    case 'any':
      return variables;
    case 'node':
      return (
        'npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node\n' +
        `${variables}\n` +
        'node --require @opentelemetry/auto-instrumentations-node/register app.js'
      );
    case 'python':
      return (
        'pip install opentelemetry-distro opentelemetry-exporter-otlp\n' +
        'opentelemetry-bootstrap -a install\n' +
        `${variables}\nopentelemetry-instrument python app.py`
      );
    case 'java':
      return `${variables}\njava -javaagent:opentelemetry-javaagent.jar -jar app.jar`;
    case 'go':
      return `${variables}\n# in main: otlptracehttp.New(ctx) reads the variables above\ngo run .`;
    case 'curl':
      return curl(otlpHttp);
    default:
      return guide satisfies never;
  }
}

function curl(otlpHttp: string): string {
  return `NOW=$(date +%s)000000000
curl -s ${otlpHttp}/v1/traces -H 'Content-Type: application/json' -d '{"resourceSpans":[{
  "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"by-hand"}}]},
  "scopeSpans":[{"spans":[{
    "traceId":"'$(openssl rand -hex 16)'","spanId":"'$(openssl rand -hex 8)'",
    "name":"hello","kind":2,"startTimeUnixNano":"'$NOW'","endTimeUnixNano":"'$NOW'",
    "status":{"code":2}}]}]}]}'`;
}
