import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { GIT_HOOKS, isDcsError, type GitHook } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { GATE_EXIT } from '../../hooks/call.ts';
import { runHook, type Answer } from '../../hooks/run.ts';
import { interrupted } from '../../interrupted.ts';

export default class HooksRun extends DcsCommand {
  static override description = `What a git hook calls: a line where something is behind, or a sync where triggers of type git-hook name it.

It takes 5 s at most, says nothing where all is in sync or there is no dcs.yaml, and exits 0 whatever it finds; with --gate 2 where something is surely
behind or drifted. For keepers of hooks that dcs hooks install does not know.`;
  static override examples = ['<%= config.bin %> hooks run post-merge', '<%= config.bin %> hooks run pre-push --gate -e prod'];
  static override args = { hook: Args.string({ required: true, options: [...GIT_HOOKS], description: 'the hook that calls' }) };
  static override flags = {
    gate: Flags.boolean({ description: 'exit 2 where something is behind or drifted' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(HooksRun);
    const { environment, differs, lines } = await this.answer(args.hook as GitHook, flags);
    if (!flags.quiet && !this.jsonEnabled()) for (const line of lines) this.logToStderr(line);
    if (flags.gate && differs) {
      process.exitCode = GATE_EXIT;
      if (!this.jsonEnabled()) this.logToStderr('dcs hooks: this ends the push. git push --no-verify goes on without asking.');
    }
    return { schema: 1, hook: args.hook, environment, differs, lines };
  }

  private async answer(
    hook: GitHook,
    { gate, env: environment, 'config-file': file }: { gate: boolean; env?: string | undefined; 'config-file'?: string | undefined },
  ): Promise<Answer & { environment: string | null }> {
    const nothing = { environment: environment ?? null, lines: [], differs: false };
    // Another branch may have none.
    if (file !== undefined && !existsSync(file)) return nothing;
    try {
      const host = await this.host();
      if (file === undefined && !['dcs.yaml', 'dcs.yml'].some((name) => existsSync(join(host.root, name)))) return nothing;
      const given = environment === undefined ? {} : { environment };
      return { ...nothing, ...(await runHook(host, { hook, gate, signal: interrupted(), ...given })) };
    } catch (error) {
      if (!isDcsError(error)) throw error;
      return { ...nothing, lines: [`dcs hooks: nothing was compared: ${error.message}`] };
    }
  }
}
