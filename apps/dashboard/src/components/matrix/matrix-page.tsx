export function MatrixPage(_props: Record<string, unknown>) {
  return <p>soon</p>;
}
