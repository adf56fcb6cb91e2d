/** Where to go after signing in: a path of this dashboard and nothing else. */
export function safeNextPath(next: string | null): string {
  if (next === null || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) {
    return '/';
  }
  return next.startsWith('/sign-in') ? '/' : next;
}
