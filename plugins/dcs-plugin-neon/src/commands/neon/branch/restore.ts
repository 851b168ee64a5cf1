import { Flags } from '@oclif/core';
import { branchArg, BranchCommand, mappedTo, named } from '../../../branch-command.ts';
import { pickBranch } from '../../../branches.ts';
import { consentFlags, sourceFlag } from '../../../neon-command.ts';
import { nextFor, restore } from '../../../restore.ts';
import { pointIn } from '../../../times.ts';

export default class BranchRestore extends BranchCommand {
  static override description = `Take a branch back to a point of its history, after its name was typed. What it holds now is kept as a branch.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> main --at 2026-11-21T10:30:00Z',
    '<%= config.bin %> <%= command.id %> main --at 0/1A2B3C4 --keep main-broken',
  ];
  static override args = branchArg;
  static override flags = {
    at: Flags.string({ helpValue: 'TIME|LSN', description: 'the point', required: true }),
    keep: Flags.string({ helpValue: 'NAME', description: 'name of the branch that keeps what is there now; default: BRANCH-before-TIME' }),
    ...sourceFlag,
    yes: consentFlags.yes,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(BranchRestore);
    const at = pointIn(flags.at);
    const scope = await this.scope(flags.source);
    const branch = pickBranch(scope.branches, args.branch, scope.project);
    const keep = flags.keep ?? `${branch.name}-before-${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}`;
    await named(
      scope,
      branch,
      `~ ${branch.name}  as of ${flags.at}; what it holds now stays as ${keep}, and connections drop`,
      `dcs neon branch restore ${branch.name} --at ${flags.at}`,
    );
    await restore(scope, branch, {
      source_branch_id: branch.id,
      ...('lsn' in at ? { source_lsn: at.lsn } : { source_timestamp: at.timestamp }),
      preserve_under_name: keep,
    });
    return this.out(
      [
        `~ branch ${branch.name} is as of ${flags.at}; ${keep} holds what was there`,
        ...nextFor(scope.entry.name, mappedTo(scope.entry, branch)),
      ],
      {
        project: scope.project,
        branch: { id: branch.id, name: branch.name, kept: keep },
      },
    );
  }
}
