/** What the controller wants, proposes, decides and does. */
export const POLICIES_AND_ACTIONS = `
CREATE TABLE policy (
  name text PRIMARY KEY,
  service text NOT NULL,
  version int NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE policy_version (
  name text NOT NULL,
  version int NOT NULL,
  source text NOT NULL,
  content text NOT NULL,
  hash text NOT NULL,
  author text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (name, version)
);

-- What a knob should be. The version grows with every change; old fences are refused.
CREATE TABLE desired_state (
  service text NOT NULL,
  loop text NOT NULL,
  version bigint NOT NULL,
  value jsonb NOT NULL,
  fence bigint NOT NULL,
  set_by text NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now(),
  lifetime_ms bigint,
  PRIMARY KEY (service, loop)
);

CREATE TABLE proposal (
  id text PRIMARY KEY,
  loop_id text NOT NULL,
  service text NOT NULL,
  digest text NOT NULL,
  -- Everything an approver sees, frozen when it was proposed.
  content jsonb NOT NULL,
  quorum int NOT NULL DEFAULT 1,
  state text NOT NULL DEFAULT 'pending' CHECK (
    state IN ('pending', 'approved', 'rejected', 'expired', 'withdrawn', 'superseded')),
  decided_by text,
  decided_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX one_pending_proposal_per_loop ON proposal (loop_id) WHERE state = 'pending';
CREATE INDEX proposal_by_time ON proposal (created_at DESC);

CREATE TABLE vote (
  proposal_id text NOT NULL REFERENCES proposal (id) ON DELETE CASCADE,
  voter text NOT NULL,
  verdict text NOT NULL CHECK (verdict IN ('approve', 'reject')),
  comment text NOT NULL DEFAULT '',
  digest text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (proposal_id, voter)
);

-- At most one action per proposal, ever: the primary key is what makes a job run once.
CREATE TABLE action (
  id text PRIMARY KEY,
  proposal_id text NOT NULL UNIQUE REFERENCES proposal (id),
  loop_id text NOT NULL,
  service text NOT NULL,
  state text NOT NULL DEFAULT 'queued' CHECK (
    state IN ('queued', 'running', 'succeeded', 'failed', 'refused')),
  attempts int NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  before jsonb NOT NULL,
  after jsonb NOT NULL,
  read_back jsonb,
  error text,
  approved_by text NOT NULL,
  verification jsonb NOT NULL DEFAULT '{"state": "waiting", "text": ""}',
  -- The target's version after the change: what tells our own writes from a foreign writer's.
  version text,
  trace_id text,
  queued_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  finished_at timestamptz
);
CREATE INDEX action_by_time ON action (queued_at DESC);
CREATE INDEX action_finished ON action (finished_at);
CREATE INDEX action_unjudged ON action (finished_at) WHERE verification->>'state' = 'waiting';
CREATE INDEX action_judged ON action (loop_id)
  WHERE verification->>'state' IN ('helped', 'no-effect', 'harmed');
CREATE INDEX action_open ON action (loop_id) WHERE state IN ('queued', 'running');

CREATE TABLE loop_state (
  loop_id text PRIMARY KEY,
  state jsonb NOT NULL,
  fence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE mode_state (
  service text PRIMARY KEY,
  state jsonb NOT NULL,
  fence bigint NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- A person's word that replaces a policy's for a while: autonomy, a knob, an exemption.
CREATE TABLE override (
  id text PRIMARY KEY,
  kind text NOT NULL,
  subject text NOT NULL,
  value jsonb NOT NULL,
  author text NOT NULL,
  reason text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX one_override_per_subject ON override (kind, subject);

-- What a guard last said. The counters only grow, so that any two readings give a rate.
CREATE TABLE guard_report (
  guard text NOT NULL,
  service text NOT NULL,
  report jsonb NOT NULL,
  accepted_total bigint NOT NULL DEFAULT 0,
  rejected_total bigint NOT NULL DEFAULT 0,
  seen_ms_total double precision NOT NULL DEFAULT 0,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (guard, service)
);

-- The fence only ever grows: a holder that slept past its lease is recognised by it.
CREATE TABLE lease (
  name text PRIMARY KEY,
  holder text NOT NULL,
  fence bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE automation (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  stopped boolean NOT NULL DEFAULT false,
  changed_by text,
  changed_at timestamptz,
  reason text NOT NULL DEFAULT ''
);
INSERT INTO automation DEFAULT VALUES;

-- Answers given under an Idempotency-Key: the same key and body get the same answer.
CREATE TABLE idempotency (
  key text NOT NULL,
  actor text NOT NULL,
  request_hash text NOT NULL,
  -- Null while the first request with this key is being answered.
  status int,
  -- As text, not jsonb: the same answer to the letter.
  answer json,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor, key)
);
`;
