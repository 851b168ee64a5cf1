import { basename, join } from 'node:path';
import { Args, Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { readIf, write, type Wanted } from '../../ci/files.ts';
import { planInit, type System } from '../../ci/init.ts';

const WORDS = { new: '+ create ', same: '= same   ', older: '~ renew  ', edited: '! replace' } as const;

export default class CiInit extends DcsCommand {
  static override description = `Write the jobs that keep your clouds in sync from CI, and print what to set up so that no token is stored.

A pull or merge request gets one comment if it alters the plan; a push or a dispatch syncs; a schedule looks for drift and keeps one issue.
The environments are those that triggers of type ci name in dcs.yaml. A second run changes nothing.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %> github',
    '<%= config.bin %> <%= command.id %> gitlab --yes --names count',
  ];
  static override args = {
    system: Args.string({ required: true, options: ['github', 'gitlab'], description: 'where the repository lies' }),
  };
  static override flags = {
    names: Flags.string({
      options: ['auto', 'list', 'count'],
      default: 'auto',
      description: 'names of secrets in comments and issues; auto: only in private repositories',
    }),
    replace: Flags.boolean({ description: 'also replace files that were changed by hand' }),
    yes: Flags.boolean({ char: 'y', description: 'write without asking; replaces nothing that was changed by hand' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(CiInit);
    const file = basename(flags['config-file'] ?? 'dcs.yaml');
    if (!['dcs.yaml', 'dcs.yml'].includes(file))
      throw new DcsError('USAGE', `The jobs would not find ${file}: they look for dcs.yaml in its folder.`, {
        why: 'Nothing was written.',
      });
    const host = await this.host();
    const system = args.system as System;
    const names = flags.names as 'auto' | 'list' | 'count';
    const plan = await planInit(host, system, { version: this.config.version, names });
    const changed = plan.files.filter(({ is }) => is !== 'same');
    for (const file of changed) await this.#show(plan.top, file, (line) => host.output.note(line));
    const edited = changed.filter(({ is }) => is === 'edited').map(({ path }) => path);
    if (edited.length > 0 && !flags.replace) throw changedByHand(edited, system);
    if (changed.length > 0 && !(await host.confirm(`Write ${changed.length === 1 ? 'this file' : 'these files'}?`, '--yes')))
      throw new DcsError('REFUSED', 'You said no.', { why: 'Nothing was written.' });
    for (const file of changed) await write(plan.top, file);
    const lines = [
      ...plan.files.map(({ path, is }) => `${WORDS[is]} ${path}`),
      ...(changed.length === 0 ? ['Nothing to do.'] : []),
      ...plan.notes,
      ...(changed.length === 0 ? [] : ['', ...plan.policies]),
    ];
    return this.out(lines, {
      system,
      environments: plan.environments,
      files: plan.files.map(({ path, is }) => ({ path, was: is })),
      notes: plan.notes,
      policies: plan.policies,
    });
  }

  async #show(top: string, { path, text, is }: Wanted, note: (line: string) => void): Promise<void> {
    note(`${WORDS[is]} ${path}${is === 'edited' ? '     changed by hand, or not by dcs' : ''}`);
    const before = new Set((await readIf(join(top, path)))?.split('\n'));
    const after = new Set(text.split('\n'));
    for (const line of before) if (!after.has(line)) note(`  - ${line}`);
    for (const line of text.split('\n')) if (!before.has(line)) note(`  + ${line}`);
  }
}

const changedByHand = (paths: readonly string[], system: System): DcsError =>
  new DcsError('REFUSED', `${paths.join(', ')}: changed by hand, or not written by dcs.`, {
    why: 'Nothing was written.',
    hint: `dcs ci init ${system} --replace     if what is there may go`,
  });
