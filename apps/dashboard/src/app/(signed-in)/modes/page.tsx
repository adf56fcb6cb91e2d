import type { Metadata } from 'next';
import { ModesPage } from '../../../components/modes/modes-page.tsx';

export const metadata: Metadata = { title: 'Modes' };

export default function Page() {
  return <ModesPage />;
}
