import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsError, type GitHook } from 'dcs-sdk';
import { hookFlags, HooksCommand, hooksOf } from '../../hooks-command.ts';
import { installing, type Change } from '../../hooks/install.ts';
import type { Repository } from '../../hooks/repository.ts';

export default class HooksInstall extends HooksCommand {
  static override description = `Let git say what is behind after a checkout and a merge, and before a push with --all.

It is a report, at most 5 s long, that never fails git. It syncs only what triggers of type git-hook name, in a dcs.yaml that dcs trust has seen.
Hooks that are there stay and run as before. husky, lefthook and simple-git-hooks keep theirs: the lines go into their files.`;
  static override examples = [
    '<%= config.bin %> hooks install',
    '<%= config.bin %> hooks install --all -e staging',
    {
      description: 'No push while production is behind or drifted',
      command: '<%= config.bin %> hooks install --hook pre-push --gate -e prod',
    },
  ];
  static override flags = {
    ...hookFlags,
    gate: Flags.boolean({ description: 'pre-push: differences end the push (what cannot be compared does not)' }),
    force: Flags.boolean({ description: 'also where lines of dcs were edited, or the folder is of all your repositories' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(HooksInstall);
    const hooks = hooksOf(flags, ['post-checkout', 'post-merge']);
    if (flags.gate && !hooks.includes('pre-push'))
      throw new DcsError('USAGE', '--gate is about pre-push.', { hint: 'dcs hooks install --hook pre-push --gate' });
    const { host, repository, layouts } = await this.open();
    const [layout] = layouts;
    if (repository.everywhere && layout.name === 'git' && !flags.force) throw everywhere(repository);
    const file = await fileOf(repository.top, host.root, flags['config-file']);
    if (flags.env !== undefined) await host.environment();
    const change = (hook: GitHook): Promise<Change> => {
      const given = { ...(flags.env === undefined ? {} : { environment: flags.env }), ...(file === undefined ? {} : { file }) };
      return installing(layout, { hook, gate: flags.gate && hook === 'pre-push', ...given }, flags.force);
    };
    const changes: Change[] = [];
    await this.alone(host, repository, async () => {
      // All can be done, or none is. Then anew, one after another: several may stand in one file.
      await Promise.all(hooks.map(change));
      for (const hook of hooks) {
        const next = await change(hook);
        await next.apply();
        changes.push(next);
      }
    });
    const changed = changes.some(({ result }) => result !== 'unchanged');
    const lines = changes.flatMap(({ hook, result, file: path, chained }) => [
      `${result === 'unchanged' ? '=' : '✓'} ${hook} ${result}  ${path}`,
      ...(chained === undefined ? [] : [`  then ${chained}, which stood there before`]),
    ]);
    if (changed && layout.versioned) lines.push('  Your team gets it with the next commit. Where dcs is missing it says so in a line.');
    if (changed && layout.apply !== undefined) lines.push(`Next  ${layout.apply}`);
    return this.out(lines, {
      layout: layout.name,
      folder: repository.hooks,
      hooks: changes.map(({ hook, file: path, result, chained }) => ({ hook, file: path, result, chained: chained ?? null })),
      next: changed ? (layout.apply ?? null) : null,
    });
  }
}

/** From the top of the repository, so nothing of this machine; undefined where dcs finds it there by itself. */
async function fileOf(top: string, root: string, given: string | undefined): Promise<string | undefined> {
  const file = given ?? ['dcs.yaml', 'dcs.yml'].map((name) => join(root, name)).find((name) => existsSync(name));
  if (file === undefined) throw new DcsError('CONFIG', 'There is no dcs.yaml here.', { why: 'Nothing was changed.', hint: 'dcs init' });
  const below = relative(await realpath(top), await realpath(file))
    .split(sep)
    .join('/');
  return given === undefined && !below.includes('/') ? undefined : below;
}

const everywhere = ({ hooks }: Repository): DcsError =>
  new DcsError('REFUSED', `${hooks} holds the hooks of all your repositories.`, {
    why: 'core.hooksPath says so outside of this one. Nothing was changed.',
    hint: [
      'git config --local core.hooksPath .git/hooks     this repository has its own',
      '--force     all of them; where there is no dcs.yaml it says nothing',
    ],
  });
