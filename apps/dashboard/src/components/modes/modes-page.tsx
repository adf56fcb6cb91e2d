export function ModesPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
