export function TracesPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
