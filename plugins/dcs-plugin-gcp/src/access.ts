import { isDcsError, path } from 'dcs-sdk';
import { asList, isJson, type Google, type Json } from './api.ts';
import type { Place } from './secrets-api.ts';

export const ACCESSOR = 'roles/secretmanager.secretAccessor';
/** Roles that read values; a custom one cannot be told. */
const READING = new Set([ACCESSOR, 'roles/secretmanager.admin', 'roles/owner']);

/** Who may read a project's secrets. */
export interface Access {
  /** May the account read the secret (without an id: one that is not made yet), by its own policy or the project's? Undefined: the policies cannot be seen, or hold what cannot be judged. */
  mayRead(account: string, id: string | undefined): Promise<boolean | undefined>;
  /** Lets members read one secret, or gives them another role on it. False: they had it already. */
  grant(members: readonly string[], id: string, role?: string): Promise<boolean>;
}

export function accessOf(google: Google, { project_id, region }: Place): Access {
  const secrets = google('secretmanager', region);
  const at = (id: string): string =>
    `/v1${path`/projects/${project_id}`}${region === undefined ? '' : path`/locations/${region}`}${path`/secrets/${id}`}`;
  const about = (id: string): string => `the access to secret '${id}' of project '${project_id}'`;
  const ownPolicy = (id: string): Promise<Json> => secrets({ method: 'GET', path: `${at(id)}:getIamPolicy`, subject: about(id) });
  let project: Promise<Json | undefined> | undefined;
  const projectPolicy = (): Promise<Json | undefined> =>
    (project ??= seen(() =>
      google('cloudresourcemanager')({
        method: 'POST',
        path: `/v3${path`/projects/${project_id}`}:getIamPolicy`,
        body: {},
        subject: `the roles in project '${project_id}'`,
        idempotent: true,
      }),
    ));
  return {
    async mayRead(account, id) {
      const member = `serviceAccount:${account}`;
      const judge = (policy: Json | undefined): boolean | undefined => (policy === undefined ? undefined : reads(policy, member));
      const everywhere = judge(await projectPolicy());
      if (everywhere === true || id === undefined) return everywhere;
      const here = judge(await seen(() => ownPolicy(id)));
      return here === true ? true : everywhere === false ? here : undefined;
    },
    async grant(members, id, as = ACCESSOR) {
      for (let again = false; ; again = true) {
        const policy = await ownPolicy(id);
        const bindings = asList(policy['bindings'], about(id));
        const own = bindings.find(({ role, condition }) => role === as && condition === undefined);
        const before = Array.isArray(own?.['members']) ? (own['members'] as string[]) : [];
        const missing = members.filter((member) => !before.includes(member));
        if (missing.length === 0) return false;
        const next = { role: as, members: [...before, ...missing] };
        const body = { policy: { ...policy, bindings: [...bindings.filter((each) => each !== own), next] } };
        try {
          await secrets({ method: 'POST', path: `${at(id)}:setIamPolicy`, body, subject: about(id), idempotent: true });
          return true;
        } catch (error) {
          if (again || !isDcsError(error) || error.code !== 'CONFLICT') throw error; // somebody changed it meanwhile: once more
        }
      }
    },
  };
}

/** A policy that may not be looked at tells nothing; every other failure is one. */
async function seen(read: () => Promise<Json>): Promise<Json | undefined> {
  try {
    return await read();
  } catch (error) {
    if (isDcsError(error) && (error.details.status === 403 || error.details.status === 404)) return undefined;
    throw error;
  }
}

function reads(policy: Json, member: string): boolean | undefined {
  const bindings = Array.isArray(policy['bindings']) ? policy['bindings'].filter(isJson) : [];
  const members = ({ members: all }: Json): readonly string[] => (Array.isArray(all) ? (all as string[]) : []);
  if (bindings.some((each) => READING.has(String(each['role'])) && each['condition'] === undefined && members(each).includes(member)))
    return true;
  // Groups, conditions and custom roles may say yes, and cannot be looked into from here.
  const unclear = bindings.some(
    (each) =>
      (READING.has(String(each['role'])) &&
        (each['condition'] !== undefined || members(each).some((one) => !/^(user|serviceAccount):/.test(one)))) ||
      (!String(each['role']).startsWith('roles/') && members(each).includes(member)),
  );
  return unclear ? undefined : false;
}
