import type { Metadata } from 'next';
import { MatrixPage } from '../../../components/matrix/matrix-page.tsx';

export const metadata: Metadata = { title: 'Health matrix' };

export default function Page() {
  return <MatrixPage />;
}
