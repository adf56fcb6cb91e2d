import { createdUser, type Role } from '@flyball/contract';
import { Operator } from './operator.ts';

const PASSWORD = 'correct horse battery staple';

/** Somebody new, invited by an admin, signed in by the link, with a password of their own. */
export async function invite(admin: Operator, username: string, role: Role): Promise<Operator> {
  const { status, body } = await admin.send('POST', '/api/users', { username, role });
  if (status !== 201) throw new Error(`POST /api/users: ${status} ${JSON.stringify(body)}`);
  const person = new Operator(admin.origin);
  await person.redeem(createdUser.parse(body).signInPath);
  await choosePassword(person, PASSWORD);
  return person;
}

export async function choosePassword(person: Operator, newPassword: string): Promise<void> {
  const { status, body } = await person.send('POST', '/api/auth/password', { newPassword });
  if (status !== 200) throw new Error(`POST /api/auth/password: ${status} ${JSON.stringify(body)}`);
}
