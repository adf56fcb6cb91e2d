/** Injection tokens. Explicit ones, because types are gone when the program runs. */
export const CONFIG = Symbol('Config');
export const LOGGER = Symbol('Logger');
export const CLOCK = Symbol('Clock');
/** `pg.Pool` */
export const PG_POOL = Symbol('PgPool');
/** `ClickHouseClient` of @flyball/store */
export const CLICKHOUSE = Symbol('ClickHouse');
/** `Tracer` of @opentelemetry/api */
export const TRACER = Symbol('Tracer');
/** `Tracing`: the tracer and its shutdown */
export const TRACING = Symbol('Tracing');
