import type { Metadata } from 'next';
import { CriticalPathsPage } from '../../../components/critical-paths/critical-paths-page.tsx';

export const metadata: Metadata = { title: 'Critical paths' };

export default function Page() {
  return <CriticalPathsPage />;
}
