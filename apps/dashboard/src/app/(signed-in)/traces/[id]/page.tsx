import type { Metadata } from 'next';
import { TracePage } from '../../../../components/waterfall/trace-page.tsx';

type Props = { params: Promise<{ id: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `Trace ${(await params).id.slice(0, 8)}` };
}

export default async function Page({ params }: Props) {
  return <TracePage traceId={decodeURIComponent((await params).id)} />;
}
