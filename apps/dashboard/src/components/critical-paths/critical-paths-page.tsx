export function CriticalPathsPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
