import './globals.css';
import type { Metadata, Viewport } from 'next';
import { type ReactNode, Suspense } from 'react';
import { Providers } from '../components/shell/providers.tsx';
import { themeScript } from '../lib/theme.ts';

export const metadata: Metadata = {
  title: { default: 'Flyball', template: '%s · Flyball' },
  description: 'Watches traces and metrics and turns the knobs of a fleet of services',
};

export const viewport: Viewport = { width: 'device-width', initialScale: 1 };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en" suppressHydrationWarning>
      <body>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of our own */}
        <script dangerouslySetInnerHTML={{ __html: themeScript }} />
        <Providers>
          <Suspense>{children}</Suspense>
        </Providers>
      </body>
    </html>
  );
}
