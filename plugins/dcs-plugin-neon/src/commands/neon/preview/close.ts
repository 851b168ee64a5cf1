import { DcsError } from 'dcs-sdk';
import { BranchCommand, loose, pullArg } from '../../../branch-command.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { madeFor, previewOf, removeBranch } from '../../../preview.ts';

export default class PreviewClose extends BranchCommand {
  static override description = `Delete the branch and the Doppler config that dcs made for a pull request, and nothing else.

Cut off, the same command goes on. Where there is none any more, there is nothing to do.`;
  static override examples = ['<%= config.bin %> <%= command.id %> 42 -e dev', '<%= config.bin %> <%= command.id %> 42 -e dev --yes'];
  static override args = pullArg;
  static override flags = { ...sourceFlag, yes: consentFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(PreviewClose);
    const scope = await this.scope(flags.source);
    const { host, environment, project, branches } = scope;
    const preview = previewOf(args.pull, project);
    const made = await madeFor(scope, preview);
    const there = branches.some(({ name }) => name === preview.branch);
    if (made === undefined) {
      const left = there ? [`! branch ${preview.branch} is there: dcs has no mark of it in ${environment.name}, and leaves it`] : [];
      return this.out([`Nothing to do: ${environment.name} has no preview ${preview.name}.`, ...left], closed(project, preview.name, []));
    }
    if (there) loose(scope, preview.branch, 'deleted');
    const { name: config, doppler } = made.environment;
    if (there) host.output.note(`- branch ${preview.branch}  with everything written to it`);
    host.output.note(`- config ${doppler.project}/${config}  with its own values`);
    if (!(await host.confirm(`Close the preview ${preview.name}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was deleted.' });
    // The config last: its mark says what is still to be deleted.
    const gone = (await removeBranch(scope, preview.branch)) ? [`branch ${preview.branch}`] : [];
    await host.madeConfigs.remove(made);
    const deleted = [...gone, `config ${config}`];
    return this.out(
      deleted.map((each) => `- ${each}`),
      closed(project, preview.name, deleted),
    );
  }
}

const closed = (project: string, preview: string, deleted: readonly string[]) => ({ project, preview, deleted });
