import { DcsError } from 'dcs-sdk';
import { BranchCommand } from '../../../branch-command.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { branchOfMark, PREFIX } from '../../../preview.ts';

export default class PreviewSweep extends BranchCommand {
  static override description = `Delete the Doppler configs of previews whose branch is gone: it had its time, or somebody deleted it.

Only configs that dcs made, of this environment and this Neon project.`;
  static override examples = ['<%= config.bin %> <%= command.id %> -e dev', '<%= config.bin %> <%= command.id %> -e dev --yes'];
  static override flags = { ...sourceFlag, yes: consentFlags.yes };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(PreviewSweep);
    const { host, environment, project, branches } = await this.scope(flags.source);
    const names = new Set(branches.map(({ name }) => name));
    const all = [...(await host.madeConfigs.list(environment, PREFIX)).values()].flatMap((made) => {
      const branch = branchOfMark(made.mark, project);
      return branch === undefined ? [] : [{ made, config: made.environment.name, branch, orphan: !names.has(branch) }];
    });
    const orphans = all.filter(({ orphan }) => orphan);
    const kept = all.filter(({ orphan }) => !orphan);
    for (const { config, branch } of orphans) host.output.note(`- config ${config}  branch ${branch} is gone`);
    const few = orphans.length === 1 ? 'this config' : `these ${orphans.length} configs`;
    if (orphans.length > 0 && !(await host.confirm(`Delete ${few}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was deleted.' });
    for (const { made } of orphans) await host.madeConfigs.remove(made);
    const lines = [
      ...orphans.map(({ config }) => `- config ${config}`),
      ...kept.map(({ config, branch }) => `= config ${config}  branch ${branch}`),
    ];
    return this.out(lines.length === 0 ? [`${environment.name} has no previews.`] : lines, {
      project,
      deleted: orphans.map(({ config }) => config),
      kept: kept.map(({ config }) => config),
    });
  }
}
