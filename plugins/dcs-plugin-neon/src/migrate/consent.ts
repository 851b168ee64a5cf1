import { DcsError, type Environment } from 'dcs-sdk';
import { pickBranch, type Branch } from '../branches.ts';
import type { Scope } from '../branch-command.ts';
import { optionsIn } from '../neon-command.ts';

/** The environments that live on a branch, protected ones first. */
async function ownersOf({ host, entry, project, branches }: Scope, branch: Branch): Promise<Environment[]> {
  const owners: Environment[] = [];
  for (const environment of await host.environments()) {
    if (!entry.environments.includes(environment.name)) continue;
    const options = await optionsIn(entry, environment);
    if (options.project_id === project && pickBranch(branches, options.branch, project).id === branch.id) owners.push(environment);
  }
  return owners.toSorted((one, other) => Number(other.protected) - Number(one.protected));
}

/** A yes for each branch, before anything is written. */
export async function agreeTo(scope: Scope, stages: readonly { readonly branch: Branch }[]): Promise<void> {
  const { host } = scope;
  for (const { branch } of stages) {
    const [owner] = await ownersOf(scope, branch);
    const yes = owner
      ? await host.consent(owner, `Migrate branch ${branch.name} (${owner.name})?`, `dcs neon migrate -e ${owner.name}`)
      : branch.protected
        ? await host.type(`Type ${branch.name} to migrate this protected branch:`, branch.name, '--yes')
        : await host.confirm(`Migrate branch ${branch.name}?`, '--yes');
    if (!yes) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
  }
}
