import { Flags } from '@oclif/core';
import { isDcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import type { Project } from '../config/project.ts';
import { plural } from '../render/style.ts';
import { trust } from '../config/trust.ts';
import { keepRules } from '../shell/keep-rules.ts';
import { openSession } from '../session.ts';

export default class Trust extends DcsCommand {
  static override description =
    'Let this dcs.yaml act by itself (hooks, triggers, variables in your shell). Any edit of the file ends the trust.';
  static override examples = ['<%= config.bin %> trust', '<%= config.bin %> trust --all'];
  static override flags = { all: Flags.boolean({ description: 'every member of the workspace as well' }) };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Trust);
    const { project, directories, log } = await openSession(this.config, this.invocation());
    const members = flags.all ? await membersOf(project) : [];
    const digest = await trust(directories.stateDir, project.files);
    await Promise.all(members.map(({ files }) => trust(directories.stateDir, files)));
    if (process.env['DCS_SHELL']) await keepRules(directories.stateDir, project, log);
    const more = members.length === 0 ? [] : [`  and the dcs.yaml of ${plural(members.length, 'member')}`];
    const lines = [`✓ trusted ${project.file}`, ...more, '  Until the file changes. dcs untrust takes it back.'];
    return this.out(lines, { file: project.file, digest, ...(flags.all ? { members: members.map(({ file }) => file) } : {}) });
  }
}

/** Nobody trusts what cannot be read. Without a workspace there is nothing more to trust. */
async function membersOf({ workspace, file }: Project): Promise<readonly Project[]> {
  const all = (await workspace?.members()) ?? [];
  return all.flatMap(({ project }) => (isDcsError(project) || project.file === file ? [] : [project]));
}
