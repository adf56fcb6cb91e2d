import type { Role } from '@flyball/contract';

export const roles: readonly Role[] = ['viewer', 'operator', 'admin'];

export const roleWords: Record<Role, string> = {
  viewer: 'sees everything, changes nothing',
  operator: 'approves, steers loops, stops automation',
  admin: 'also manages users',
};
