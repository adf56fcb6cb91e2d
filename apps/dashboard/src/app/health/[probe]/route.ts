export const dynamic = 'force-dynamic';

/** `/health/live` and `/health/ready`, as every Flyball process answers them. */
export async function GET(
  _request: Request,
  { params }: { params: Promise<{ probe: string }> },
): Promise<Response> {
  const { probe } = await params;
  if (probe !== 'live' && probe !== 'ready') {
    return Response.json(
      { code: 'not-found', message: `No probe "${probe}". Use /health/live or /health/ready.` },
      { status: 404 },
    );
  }
  return Response.json({ status: 'healthy', service: 'flyball-dashboard' });
}
