import { Args, Flags } from '@oclif/core';
import { DcsError, type Environment, type Host, type ProjectSource } from 'dcs-sdk';
import { branchesOf, pickBranch, type Branch } from './branches.ts';
import { entryOf, NeonCommand, optionsIn } from './neon-command.ts';
import type { Neon } from './operations.ts';
import type { NeonOptions } from './options.ts';
import { destinationOf } from './point.ts';

/** What a command about branches stands on. */
export interface Scope {
  readonly host: Host;
  readonly neon: Neon;
  readonly origin: string;
  readonly entry: ProjectSource;
  readonly environment: Environment;
  readonly options: NeonOptions;
  readonly project: string;
  readonly branches: readonly Branch[];
}

export const branchArg = { branch: Args.string({ description: 'a branch, by name or id', required: true }) };
export const pullArg = { pull: Args.string({ description: 'number of the pull request, or another word for it', required: true }) };
export const sharedFlag = {
  shared: Flags.boolean({ description: "write the team's config, and dcs.yaml; default: only your personal config" }),
};

export abstract class BranchCommand extends NeonCommand {
  /** `whose`: the config of Doppler that the command writes; one's own is looked up beside the branches. */
  protected async scope(source: string | undefined): Promise<Scope>;
  protected async scope(source: string | undefined, whose: 'own' | 'team'): Promise<Scope & { readonly into: Environment }>;
  protected async scope(source: string | undefined, whose?: 'own' | 'team'): Promise<Scope & { readonly into?: Environment }> {
    const { host, neon, origin } = await this.open();
    const entry = await entryOf(host, source);
    const environment = await host.environment();
    const options = await optionsIn(entry, environment);
    const project = options.project_id;
    const [branches, into] = await Promise.all([
      branchesOf(neon.api, project),
      whose === undefined ? undefined : destinationOf(host, environment, whose),
    ]);
    await host.seen(
      'branch',
      project,
      branches.map(({ name }) => name),
    );
    return { host, neon, origin, entry, environment, options, project, branches, ...(into ? { into } : {}) };
  }
}

export const childrenOf = (branches: readonly Branch[], branch: Branch): Branch[] => branches.filter(({ parent }) => parent === branch.id);

/** Environments that dcs.yaml maps to a branch. */
export function mappedTo({ options }: ProjectSource, { name, id }: Branch): string[] {
  const map = options['branch'];
  return typeof map === 'object' && map !== null
    ? Object.entries(map).flatMap(([environment, branch]) => (branch === name || branch === id ? [environment] : []))
    : [];
}

/** The branch that a destructive command names, if it may be touched. */
export function loose({ branches, project, entry }: Scope, word: string, verb: string): Branch {
  const branch = pickBranch(branches, word, project);
  const children = childrenOf(branches, branch).map(({ name }) => name);
  const mapped = verb === 'deleted' ? mappedTo(entry, branch) : [];
  const why = branch.default
    ? 'It is the default branch.'
    : branch.protected
      ? 'It is protected in Neon.'
      : children.length > 0
        ? `It is the parent of ${children.join(', ')}.`
        : mapped.length > 0
          ? `dcs.yaml gives it to ${mapped.join(', ')}.`
          : undefined;
  if (why === undefined) return branch;
  throw new DcsError('REFUSED', `${branch.name} is not ${verb}.`, { why: `${why} Nothing was written.`, hint: 'dcs neon branch list' });
}

/** The protected environment that lives on a branch. */
export async function protectedOn({ host, entry }: Scope, branch: Branch): Promise<Environment | undefined> {
  const guarded = (await host.environments()).filter((each) => each.protected && entry.environments.includes(each.name));
  return guarded.find((each) => {
    const on = entry.optionsFor(each)['branch'];
    return on === undefined ? branch.default : on === branch.name || on === branch.id;
  });
}

/** Asks for the name of what will be lost; where a protected environment lives on it, for that one's consent. `again`: the command line. */
export async function named(scope: Scope, branch: Branch, lost: string, again: string): Promise<void> {
  const { host } = scope;
  host.output.note(lost);
  const owner = await protectedOn(scope, branch);
  const yes = owner
    ? await host.consent(owner, `Go on with ${branch.name} (${owner.name})?`, `${again} -e ${owner.name}`)
    : await host.type(`Type ${branch.name} to go on:`, branch.name, '--yes');
  if (!yes) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
}

/** A password is renewed for whoever asks, but not under a protected environment that lives on the branch. */
export async function mayRenew(scope: Scope, branch: Branch): Promise<void> {
  const owner = await protectedOn(scope, branch);
  if (owner === undefined || owner.name === scope.environment.name) return;
  throw new DcsError('REFUSED', `${branch.name} still has its parent's password, and ${owner.name} lives on it.`, {
    why: `A new password would cut ${owner.name} off. Nothing was written.`,
    hint: `dcs neon branch create NAME --parent ${branch.name} -e ${scope.environment.name}`,
  });
}
