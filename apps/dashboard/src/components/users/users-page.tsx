export function UsersPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
