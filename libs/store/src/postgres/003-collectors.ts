/** Which collectors share the traces, and how the others reach them. */
export const COLLECTORS = `
CREATE TABLE collector_member (
  -- The URL of its HTTP port: also its name.
  address text PRIMARY KEY,
  -- Grows with each process that takes the address, so that an older one knows itself replaced.
  generation bigint NOT NULL,
  joined_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
`;
