export function ActionsPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
