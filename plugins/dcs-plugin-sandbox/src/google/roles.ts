/** Permissions by role; `*` stands for any run of letters and dots, and a leading `!` takes away. */
const ROLES: ReadonlyMap<string, readonly string[]> = new Map([
  ['roles/owner', ['*']],
  ['roles/editor', ['*', '!*.setIamPolicy', '!secretmanager.versions.access', '!iam.serviceAccounts.getAccessToken']],
  ['roles/viewer', ['*.get', '*.list', '*.getIamPolicy']],
  ['roles/browser', ['resourcemanager.projects.get', 'resourcemanager.projects.getIamPolicy', 'resourcemanager.projects.list']],
  ['roles/secretmanager.admin', ['secretmanager.*', 'resourcemanager.projects.get']],
  ['roles/secretmanager.secretAccessor', ['secretmanager.versions.access', 'resourcemanager.projects.get']],
  ['roles/secretmanager.secretVersionAdder', ['secretmanager.versions.add', 'resourcemanager.projects.get']],
  [
    'roles/secretmanager.secretVersionManager',
    ['add', 'destroy', 'disable', 'enable', 'get', 'list'].map((verb) => `secretmanager.versions.${verb}`),
  ],
  [
    'roles/secretmanager.viewer',
    ['secretmanager.*.get', 'secretmanager.*.list', 'secretmanager.secrets.getIamPolicy', 'resourcemanager.projects.get'],
  ],
  ['roles/run.admin', ['run.*']],
  ['roles/run.developer', ['run.*', '!*.setIamPolicy']],
  ['roles/run.viewer', ['run.*.get', 'run.*.list', 'run.*.getIamPolicy']],
  ['roles/cloudfunctions.admin', ['cloudfunctions.*', 'run.services.get', 'run.services.update']],
  ['roles/cloudfunctions.developer', ['cloudfunctions.*', '!*.setIamPolicy', 'run.services.get']],
  ['roles/cloudfunctions.viewer', ['cloudfunctions.*.get', 'cloudfunctions.*.list', 'cloudfunctions.*.getIamPolicy']],
  ['roles/iam.serviceAccountUser', ['iam.serviceAccounts.actAs', 'iam.serviceAccounts.get', 'iam.serviceAccounts.list']],
  ['roles/iam.serviceAccountTokenCreator', ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken']],
  ['roles/iam.workloadIdentityUser', ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken']],
  ['roles/serviceusage.serviceUsageAdmin', ['serviceusage.*']],
  ['roles/serviceusage.serviceUsageConsumer', ['serviceusage.services.get', 'serviceusage.services.list', 'serviceusage.services.use']],
  ['roles/serviceusage.serviceUsageViewer', ['serviceusage.services.get', 'serviceusage.services.list']],
  ['roles/resourcemanager.projectIamAdmin', ['get', 'getIamPolicy', 'setIamPolicy'].map((verb) => `resourcemanager.projects.${verb}`)],
  ['roles/firebase.admin', ['firebase.*', 'firebaseapphosting.*', 'cloudfunctions.*', 'resourcemanager.projects.get', 'runtimeconfig.*']],
  ['roles/firebase.viewer', ['firebase.*.get', 'firebase.*.list', 'firebaseapphosting.*.get', 'firebaseapphosting.*.list']],
  ['roles/firebaseapphosting.admin', ['firebaseapphosting.*']],
]);

function fits(pattern: string, permission: string): boolean {
  const [head = '', tail] = pattern.split('*');
  return tail === undefined ? pattern === permission : permission.startsWith(head) && permission.endsWith(tail);
}

/** A role that this table does not know grants nothing. */
export function roleGrants(role: string, permission: string): boolean {
  const patterns = ROLES.get(role) ?? [];
  const taken = patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1), permission));
  return !taken && patterns.some((pattern) => fits(pattern, permission));
}
