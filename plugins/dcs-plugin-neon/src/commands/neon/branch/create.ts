import { Args, Flags } from '@oclif/core';
import { DcsError, type Environment } from 'dcs-sdk';
import { BranchCommand, mayRenew, sharedFlag, type Scope } from '../../../branch-command.ts';
import { pickBranch, type Branch } from '../../../branches.ts';
import { addressOf, chooseDatabase, passwordOf, type Connection } from '../../../connection.ts';
import { createBranch, renewPassword, type Made, type NewBranch } from '../../../create-branch.ts';
import { allowed, consentFlags, sourceFlag } from '../../../neon-command.ts';
import { point, sharesPassword, placeOf } from '../../../point.ts';
import { loadDriver, probe } from '../../../postgres.ts';
import { expiryIn, pointIn } from '../../../times.ts';

export default class BranchCreate extends BranchCommand {
  static override description = `Create a branch with a password of its own; with -e also point Doppler at it.

The parent is the branch of the environment. -e writes your personal config where you have one; --shared the team's, and dcs.yaml.
Interrupted, the same command goes on with the branch that is there.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> checkout-v2 -e dev --ttl 7d',
    '<%= config.bin %> <%= command.id %> before-launch --parent main --at 2026-11-21T10:30:00Z',
    '<%= config.bin %> <%= command.id %> empty --schema-only',
  ];
  static override args = { name: Args.string({ description: 'name of the new branch', required: true }) };
  static override flags = {
    parent: Flags.string({ helpValue: 'BRANCH', description: 'default: the branch of the environment' }),
    at: Flags.string({ helpValue: 'TIME|LSN', description: "a point of the parent's history; default: now" }),
    ttl: Flags.string({ helpValue: '7d', description: 'Neon deletes the branch after so long' }),
    'schema-only': Flags.boolean({ description: 'without the data' }),
    ...sharedFlag,
    ...sourceFlag,
    ...consentFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchCreate);
    if (flags.shared && flags.env === undefined) throw new DcsError('USAGE', '--shared needs -e.', { hint: '-e dev' });
    const expires = flags.ttl === undefined ? undefined : expiryIn(flags.ttl, new Date());
    const at = flags.at === undefined ? undefined : pointIn(flags.at);
    const scope: Scope & { readonly into?: Environment } = await (flags.env === undefined
      ? this.scope(flags.source)
      : this.scope(flags.source, flags.shared ? 'team' : 'own'));
    const { host, neon, environment, options, project, branches, into } = scope;
    const parent = pickBranch(branches, flags.parent ?? options.branch, project);
    const found = branches.find(({ name }) => name === args.name);
    if (found !== undefined && found.parent !== parent.id) throw taken(found, parent);
    if (into) host.output.note(`${environment.name} · ${placeOf(into)} · -e`);
    host.output.note(
      `${found ? '=' : '+'} ${args.name}  of ${parent.name}, own password${expires === undefined ? '' : `, until ${expires}`}`,
    );
    const question = into === undefined ? 'Create it?' : `Create it and point ${into.name} at it?`;
    if (!(await host.confirm(question, '--yes'))) throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });

    const wanted: NewBranch = {
      name: args.name,
      parent,
      schemaOnly: flags['schema-only'],
      ...(at === undefined ? {} : { at }),
      ...(expires === undefined ? {} : { expires }),
    };
    loadDriver();
    const made = found ? { branch: found } : await createBranch(neon, project, wanted);
    const connection = await ownConnection(scope, made, found !== undefined);
    const version = await probe(connection);
    host.output.note(`✓ connected  PostgreSQL ${version}, direct and pooled`);
    const synced = into && (await point({ ...scope, into, branch: args.name, connection, allow: allowed(flags) }));
    const undo =
      into && options.branch !== undefined
        ? [`Undo  dcs neon branch switch ${options.branch} -e ${environment.name}${flags.shared ? ' --shared' : ''}`]
        : [];
    return this.out([`${found ? '=' : '+'} branch ${args.name} (${made.branch.id})`, ...(synced?.lines ?? []), ...undo], {
      project,
      branch: { id: made.branch.id, name: args.name, parent: parent.name, created: found === undefined, expires: expires ?? null },
      doppler: synced?.json ?? null,
    });
  }
}

/** A branch that was there already keeps its password, unless it is its parent's. */
async function ownConnection(scope: Scope, { branch, address }: Made, existed: boolean): Promise<Connection> {
  const { neon, project, options, branches } = scope;
  const fits = address && (options.database ?? address.database) === address.database && (options.role ?? address.role) === address.role;
  const { role } = fits ? address : await chooseDatabase(neon.api, project, branch, options);
  const keeps = existed && !(await sharesPassword(neon, project, branches, branch, role));
  if (existed && !keeps) await mayRenew(scope, branch);
  const password = keeps ? await passwordOf(neon.api, project, branch, role) : await renewPassword(neon, project, branch, role);
  return { ...(fits ? address : await addressOf(neon.api, project, branch, options)), password };
}

const taken = ({ name }: Branch, parent: Branch): DcsError =>
  new DcsError('CONFLICT', `There is a branch ${name} already, and it is none of ${parent.name}.`, {
    why: 'Nothing was written.',
    hint: [`dcs neon branch switch ${name} -e dev`, 'another name'],
  });
