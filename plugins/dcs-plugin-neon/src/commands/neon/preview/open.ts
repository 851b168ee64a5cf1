import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { BranchCommand, pullArg } from '../../../branch-command.ts';
import { pickBranch } from '../../../branches.ts';
import { valuesOf } from '../../../connection.ts';
import { allowed, consentFlags, sourceFlag } from '../../../neon-command.ts';
import { probe } from '../../../postgres.ts';
import { madeFor, mustBeLoose, previewOf, raise } from '../../../preview.ts';
import { neonSource } from '../../../source.ts';
import { expiryIn } from '../../../times.ts';

export default class PreviewOpen extends BranchCommand {
  static override description = `Give a pull request a database: a branch of Neon that ends by itself, and a branch config of Doppler that points at it.

Again, it goes on with what is there, and the time begins anew. The config inherits every other secret of the environment.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> 42 -e dev',
    {
      description: 'In CI: the data of main, the other secrets of dev',
      command: '<%= config.bin %> <%= command.id %> 42 -e dev --parent main --ttl 3d --yes',
    },
  ];
  static override args = pullArg;
  static override flags = {
    parent: Flags.string({ helpValue: 'BRANCH', description: 'whose data; default: the branch of the environment' }),
    ttl: Flags.string({ helpValue: '7d', default: '7d', description: 'Neon deletes the branch after so long' }),
    ...sourceFlag,
    ...consentFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(PreviewOpen);
    const expires = expiryIn(flags.ttl, new Date());
    const scope = await this.scope(flags.source);
    const { host, environment, entry, options, project, branches, origin } = scope;
    mustBeLoose(environment);
    const preview = previewOf(args.pull, project);
    const parent = pickBranch(branches, flags.parent ?? options.branch, project);
    const [made, found] = [await madeFor(scope, preview), branches.find(({ name }) => name === preview.branch)];
    if (found !== undefined && (made === undefined || found.parent !== parent.id))
      throw new DcsError('CONFLICT', `There is a branch ${preview.branch} already, and it is not the preview of this pull request.`, {
        why: made === undefined ? 'dcs did not make it. Nothing was written.' : `It is none of ${parent.name}. Nothing was written.`,
        hint: made === undefined ? 'dcs neon branch list' : `dcs neon preview close ${args.pull} -e ${environment.name}`,
      });
    const config = `${environment.doppler.config}_${preview.name}`;
    host.output.note(`${found ? '~' : '+'} branch ${preview.branch}  of ${parent.name}, own password, until ${expires}`);
    host.output.note(`${made ? '=' : '+'} config ${environment.doppler.project}/${config}  inherits ${environment.doppler.config}`);
    if (!(await host.confirm(`Open the preview ${preview.name}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });

    const into = await host.madeConfigs.make(environment, preview.name, preview.mark);
    const connection = await raise(scope, preview, parent, expires);
    host.output.note(`✓ connected  PostgreSQL ${await probe(connection)}, direct and pooled`);
    const source = neonSource(origin, { ...options, branch: preview.branch }, async () => valuesOf(connection, project, preview.branch));
    const again = `dcs neon preview open ${args.pull} -e ${environment.name}`;
    // The config inherits the environment's values: that it moves away from them is what was agreed to.
    const rest = { from: 'Neon', entry: entry.name, again, yes: true, allow: allowed(flags), existing: 'replace' } as const;
    const synced = await host.sync(source, into, rest);
    return this.out(
      [...synced.lines, `Use   dcs run -e ${config} -- CMD`, `Close dcs neon preview close ${args.pull} -e ${environment.name}`],
      {
        project,
        preview: preview.name,
        branch: { name: preview.branch, parent: parent.name, created: found === undefined, expires },
        config: { name: config, created: made === undefined },
        doppler: synced.json,
      },
    );
  }
}
