import {
  Activity,
  ChartGantt,
  Gauge,
  Grid3x3,
  LayoutDashboard,
  type LucideIcon,
  Route,
  SlidersHorizontal,
  Users,
} from 'lucide-react';

/** Where one can go, with the key that goes there. */
export type Place = {
  href: string;
  label: string;
  key: string;
  icon: LucideIcon;
  group: 'Watch' | 'Query' | 'Act' | 'Admin';
};

export const places: readonly Place[] = [
  { href: '/', label: 'Overview', key: 'g o', icon: LayoutDashboard, group: 'Watch' },
  { href: '/matrix', label: 'Health matrix', key: 'g m', icon: Grid3x3, group: 'Watch' },
  { href: '/modes', label: 'Modes', key: 'g d', icon: Activity, group: 'Watch' },
  { href: '/traces', label: 'Traces', key: 'g t', icon: ChartGantt, group: 'Query' },
  { href: '/critical-paths', label: 'Critical paths', key: 'g c', icon: Route, group: 'Query' },
  { href: '/loops', label: 'Loops', key: 'g l', icon: SlidersHorizontal, group: 'Act' },
  { href: '/actions', label: 'Actions', key: 'g a', icon: Gauge, group: 'Act' },
  { href: '/users', label: 'Users', key: 'g u', icon: Users, group: 'Admin' },
];

export function isHere(href: string, pathname: string): boolean {
  return href === '/' ? pathname === '/' : pathname === href || pathname.startsWith(`${href}/`);
}
