export function TracePage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
