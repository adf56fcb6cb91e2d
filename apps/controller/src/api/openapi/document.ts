import {
  actionList,
  actionQuery,
  apiError,
  auditLog,
  automation,
  automationRequest,
  autonomyRequest,
  createdUser,
  createUserRequest,
  decisionRequest,
  exemplarList,
  exemplarQuery,
  guardReport,
  guardTargets,
  ingestQuality,
  loop,
  loopList,
  loopSamples,
  matrix,
  modeHistory,
  overview,
  passwordRequest,
  pathBreakdown,
  pathEndpoints,
  pathQuery,
  policyList,
  proposal,
  proposalList,
  proposalQuery,
  redeemRequest,
  serviceList,
  session,
  signInRequest,
  timeRange,
  traceDetail,
  traceQuery,
  traceSearch,
  updateUserRequest,
  user,
  userList,
} from '@flyball/contract';
import { z } from 'zod';

type Method = 'get' | 'post' | 'patch' | 'delete';

interface Operation {
  readonly summary: string;
  /** Who may call it: a role, everybody, or a holder of the guard token. */
  readonly access: 'everybody' | 'viewer' | 'operator' | 'admin' | 'guard-token';
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly answer: z.ZodType;
  readonly status?: number;
  readonly idempotent?: boolean;
}

const serviceQuery = timeRange.extend({ service: z.string().optional() });
const health = z.object({ status: z.enum(['healthy', 'degraded', 'unhealthy']) });

/** Every route of the API, by path and method; a test holds it against the routes served. */
export const OPERATIONS: Readonly<Record<string, Partial<Record<Method, Operation>>>> = {
  '/api/health': { get: { summary: 'Health', access: 'everybody', answer: health } },
  '/api/openapi.json': {
    get: { summary: 'This document', access: 'everybody', answer: z.looseObject({}) },
  },
  '/api/auth/session': {
    get: { summary: 'Who is signed in, and the CSRF token', access: 'everybody', answer: session },
  },
  '/api/auth/sign-in': {
    post: {
      summary: 'Sign in by password',
      access: 'everybody',
      body: signInRequest,
      answer: session,
    },
  },
  '/api/auth/redeem': {
    post: {
      summary: 'Sign in by a one-time link',
      access: 'everybody',
      body: redeemRequest,
      answer: session,
    },
  },
  '/api/auth/sign-out': { post: { summary: 'Sign out', access: 'viewer', answer: session } },
  '/api/auth/password': {
    post: {
      summary: 'Choose the own password',
      access: 'viewer',
      body: passwordRequest,
      answer: session,
    },
  },
  '/api/users': {
    get: { summary: 'Who has access', access: 'admin', answer: userList },
    post: {
      summary: 'Invite somebody',
      access: 'admin',
      body: createUserRequest,
      answer: createdUser,
      status: 201,
    },
  },
  '/api/users/{id}': {
    patch: {
      summary: 'Change a role, or reset a password',
      access: 'admin',
      body: updateUserRequest,
      answer: z.union([createdUser, z.object({ user })]),
    },
    delete: { summary: 'Remove somebody', access: 'admin', answer: z.object({ user }) },
  },
  '/api/overview': {
    get: { summary: 'Modes, and what needs somebody now', access: 'viewer', answer: overview },
  },
  '/api/matrix': {
    get: { summary: 'Health of each service by aspect', access: 'viewer', answer: matrix },
  },
  '/api/modes/history': {
    get: {
      summary: 'Modes over time with cause and evidence',
      access: 'viewer',
      query: serviceQuery,
      answer: modeHistory,
    },
  },
  '/api/services': {
    get: { summary: 'Services and their operations', access: 'viewer', answer: serviceList },
  },
  '/api/traces': {
    get: { summary: 'Search traces', access: 'viewer', query: traceQuery, answer: traceSearch },
  },
  '/api/traces/{traceId}': {
    get: { summary: 'One trace with its critical path', access: 'viewer', answer: traceDetail },
  },
  '/api/critical-paths/endpoints': {
    get: {
      summary: 'Root endpoints by total time',
      access: 'viewer',
      query: timeRange,
      answer: pathEndpoints,
    },
  },
  '/api/critical-paths': {
    get: {
      summary: "Where an endpoint's time goes",
      access: 'viewer',
      query: pathQuery,
      answer: pathBreakdown,
    },
  },
  '/api/ingest/quality': {
    get: {
      summary: 'How good the spans of each service are',
      access: 'viewer',
      query: timeRange,
      answer: ingestQuality,
    },
  },
  '/api/ingest/exemplars': {
    get: {
      summary: 'Kept traces that stand for the operations of a service',
      access: 'viewer',
      query: exemplarQuery,
      answer: exemplarList,
    },
  },
  '/api/loops': {
    get: { summary: 'All loops and their last tick', access: 'viewer', answer: loopList },
  },
  '/api/loops/{service}/{name}': {
    get: { summary: 'One loop', access: 'viewer', answer: loop },
  },
  '/api/loops/{service}/{name}/samples': {
    get: {
      summary: "A loop's ticks over time",
      access: 'viewer',
      query: timeRange,
      answer: loopSamples,
    },
  },
  '/api/loops/{service}/{name}/autonomy': {
    post: {
      summary: "Change a loop's autonomy for a while",
      access: 'operator',
      body: autonomyRequest,
      answer: loop,
    },
  },
  '/api/proposals': {
    get: { summary: 'Proposals', access: 'viewer', query: proposalQuery, answer: proposalList },
  },
  '/api/proposals/{id}': {
    get: { summary: 'One proposal', access: 'viewer', answer: proposal },
  },
  '/api/proposals/{id}/approve': {
    post: {
      summary: 'Approve exactly what the digest names; 409 when somebody was first',
      access: 'operator',
      body: decisionRequest,
      answer: proposal,
      idempotent: true,
    },
  },
  '/api/proposals/{id}/reject': {
    post: {
      summary: 'Reject; one rejection ends a proposal',
      access: 'operator',
      body: decisionRequest,
      answer: proposal,
      idempotent: true,
    },
  },
  '/api/actions': {
    get: {
      summary: 'What was done, read back and verified',
      access: 'viewer',
      query: actionQuery,
      answer: actionList,
    },
  },
  '/api/automation/stop': {
    post: {
      summary: 'Stop all automation',
      access: 'operator',
      body: automationRequest,
      answer: automation,
    },
  },
  '/api/automation/resume': {
    post: {
      summary: 'Let automation run again',
      access: 'operator',
      body: automationRequest,
      answer: automation,
    },
  },
  '/api/audit': {
    get: { summary: 'Who did what', access: 'operator', answer: auditLog },
  },
  '/api/events': {
    get: { summary: 'Live changes, server-sent events', access: 'viewer', answer: z.string() },
  },
  '/api/policies': {
    get: {
      summary: 'Policies in force, and faults in files',
      access: 'viewer',
      answer: policyList,
    },
  },
  '/api/policies/schema.json': {
    get: {
      summary: 'JSON Schema of a policy file, for editors',
      access: 'everybody',
      answer: z.looseObject({}),
    },
  },
  '/api/guard/sync': {
    post: {
      summary: 'A guard reports what it applies and gets what to enforce',
      access: 'guard-token',
      body: guardReport,
      answer: guardTargets,
    },
  },
};

function schemaOf(type: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' });
  return schema;
}

function parametersOf(path: string, operation: Operation): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(operation.query?.shape ?? {}).map(([name, type]) => ({
    name,
    in: 'query',
    required: false,
    schema: schemaOf(type as z.ZodType, 'input'),
  }));
  const headers: object[] = [];
  if (operation.idempotent === true) {
    const schema = { type: 'string', minLength: 1, maxLength: 200 };
    headers.push({ name: 'Idempotency-Key', in: 'header', required: true, schema });
  }
  return [...inPath, ...inQuery, ...headers];
}

function securityOf(method: Method, { access }: Operation): object[] {
  if (access === 'everybody') return [];
  if (access === 'guard-token') return [{ guardToken: [] }];
  return [method === 'get' ? { session: [] } : { session: [], csrf: [] }];
}

function operationOf(path: string, method: Method, operation: Operation): object {
  const { body, answer, status = 200 } = operation;
  const json = (schema: object) => ({ 'application/json': { schema } });
  return {
    summary: operation.summary,
    description: `Open to: ${operation.access}.`,
    parameters: parametersOf(path, operation),
    security: securityOf(method, operation),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: json(schemaOf(body, 'input')) } }),
    responses: {
      [status]: { description: 'OK', content: json(schemaOf(answer, 'output')) },
      default: { description: 'Refused or failed', content: json(schemaOf(apiError, 'output')) },
    },
  };
}

/** The API as an OpenAPI 3.1 document, made from the contract's schemas. */
export function openApiDocument(): object {
  const paths = Object.fromEntries(
    Object.entries(OPERATIONS).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [
          method,
          operationOf(path, method as Method, operation),
        ]),
      ),
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Flyball controller',
      version: '0.1.0',
      description: 'Mutations need the session cookie, the header Origin and X-CSRF-Token.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: 'flyball_session' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
        guardToken: { type: 'http', scheme: 'bearer' },
      },
    },
  };
}
