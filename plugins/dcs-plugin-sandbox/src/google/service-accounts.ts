import type { Route } from '../server/cloud.ts';
import { invalid, isObject, type Json, objectBody, paged, Refusal } from './envelope.ts';
import { type Ground, policiesOf, route, type Signed } from './gate.ts';
import { policyRoutes } from './policies.ts';
import { addServiceAccount, type Policy, type Project, type ServiceAccount } from './state.ts';

const view = (project: Project, { email, displayName, uniqueId }: ServiceAccount): Json => ({
  name: `projects/${project.id}/serviceAccounts/${email}`,
  projectId: project.id,
  email,
  uniqueId,
  displayName,
});

const find = ({ call, project }: Signed): ServiceAccount | undefined => project.accounts.get(call.params['email'] ?? '');

function accountOf(signed: Signed): ServiceAccount {
  const account = find(signed);
  if (account === undefined) throw new Refusal('NOT_FOUND', `Unknown service account: ${signed.call.params['email']}`);
  return account;
}

function create({ call, world, project }: Signed): Json {
  const { accountId, serviceAccount } = objectBody(call);
  if (typeof accountId !== 'string' || !/^[a-z]([a-z0-9-]{4,28}[a-z0-9])$/.test(accountId)) throw invalid('The account id is invalid.');
  const email = `${accountId}@${project.id}.iam.gserviceaccount.com`;
  if (project.accounts.has(email))
    throw new Refusal('ALREADY_EXISTS', `Service account ${accountId} already exists within project projects/${project.id}.`);
  const account = addServiceAccount(world, project, email);
  const title = isObject(serviceAccount) ? serviceAccount['displayName'] : undefined;
  if (typeof title === 'string') account.displayName = title;
  return view(project, account);
}

/** Service accounts and who may act as them. https://cloud.google.com/iam/docs/reference/rest, last verified 2026-11-21. */
export function serviceAccountRoutes(ground: Ground): Route[] {
  const all = '/iam/v1/projects/:project/serviceAccounts';
  const one = `${all}/:email`;
  const kind = 'iam.serviceAccounts';
  const policies = (signed: Signed): Policy[] => policiesOf(find(signed));
  return [
    route(ground, `GET ${all}`, { permission: `${kind}.list` }, ({ call, project }) => {
      const { items, next } = paged(call, [...project.accounts.values()], 100);
      return { accounts: items.map((account) => view(project, account)), ...next };
    }),
    route(ground, `POST ${all}`, { permission: `${kind}.create` }, create),
    route(ground, `GET ${one}`, { permission: `${kind}.get`, policies }, (signed) => view(signed.project, accountOf(signed))),
    ...policyRoutes(ground, { path: one, kind, reading: 'POST', policies }, (signed) => accountOf(signed).policy),
  ];
}
