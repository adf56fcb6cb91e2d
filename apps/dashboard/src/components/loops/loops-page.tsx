export function LoopsPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
