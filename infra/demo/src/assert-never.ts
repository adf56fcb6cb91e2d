/** Ends a `switch` over a union; a new variant without a case is then a compile error. */
export function assertNever(value: never): never {
  throw new Error(`impossible: ${JSON.stringify(value)}`);
}
