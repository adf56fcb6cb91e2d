import type { Metadata } from 'next';
import { LoopPage } from '../../../../../components/loops/loop-page.tsx';

type Props = { params: Promise<{ service: string; name: string }> };

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { service, name } = await params;
  return { title: `${decodeURIComponent(service)}/${decodeURIComponent(name)}` };
}

export default async function Page({ params }: Props) {
  const { service, name } = await params;
  return <LoopPage service={decodeURIComponent(service)} name={decodeURIComponent(name)} />;
}
