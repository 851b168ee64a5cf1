import { roleGrants } from './roles.ts';
import { type Binding, horizon, type Policy, type World } from './state.ts';

/** The bindings that count by now. */
export const inForce = (world: World, policy: Policy): Binding[] => (policy.at <= horizon(world) ? policy.bindings : policy.before);

function isMember(granted: string, member: string): boolean {
  if (granted === member || granted === 'allUsers' || granted === 'allAuthenticatedUsers') return true;
  return granted.startsWith('principalSet://') && granted.endsWith('/*') && member.startsWith(`principal${granted.slice(12, -1)}`);
}

/** Conditions are not evaluated here: a conditional binding grants nothing. */
export function allows(world: World, policies: readonly Policy[], member: string, permission: string): boolean {
  return policies
    .flatMap((policy) => inForce(world, policy))
    .some(
      ({ role, members, condition }) =>
        condition === undefined && roleGrants(role, permission) && members.some((granted) => isMember(granted, member)),
    );
}
