import type { Metadata } from 'next';
import { LoopsPage } from '../../../components/loops/loops-page.tsx';

export const metadata: Metadata = { title: 'Loops' };

export default function Page() {
  return <LoopsPage />;
}
