import Link from 'next/link';

export default function NotFound() {
  return (
    <main className="mx-auto mt-[15vh] max-w-lg px-4 text-center">
      <h1 className="text-xl font-semibold">There is no such page</h1>
      <p className="mt-2 text-muted">
        The address may be of an older version.{' '}
        <Link href="/" className="text-accent underline">
          Go to the overview
        </Link>
        .
      </p>
    </main>
  );
}
