import { passToController } from '../../../lib/controller-proxy.ts';

export const dynamic = 'force-dynamic';

export {
  passToController as DELETE,
  passToController as GET,
  passToController as PATCH,
  passToController as POST,
  passToController as PUT,
};
