export function LoopPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
