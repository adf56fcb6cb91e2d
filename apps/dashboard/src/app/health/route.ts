export const dynamic = 'force-dynamic';

/** The dashboard's own health: it can serve pages even while the controller is away. */
export function GET(): Response {
  return Response.json({ status: 'healthy', service: 'flyball-dashboard' });
}
