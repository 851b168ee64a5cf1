import { Flags } from '@oclif/core';
import { GIT_HOOKS } from 'dcs-sdk';
import { hookFlags, HooksCommand, hooksOf } from '../../hooks-command.ts';
import { uninstalling, type Removal } from '../../hooks/uninstall.ts';

const WORDS: Record<Removal['result'], string> = {
  removed: 'removed',
  restored: 'as it was before dcs',
  kept: 'stays, with the lines that are not of dcs',
};

export default class HooksUninstall extends HooksCommand {
  static override description = 'Take dcs out of the hooks of this repository; what stood there before is back as it was, byte and mode.';
  static override examples = ['<%= config.bin %> hooks uninstall', '<%= config.bin %> hooks uninstall --hook pre-push'];
  static override flags = {
    ...hookFlags,
    force: Flags.boolean({ description: 'what was edited in lines of dcs, or added to a file of its own, goes as well' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(HooksUninstall);
    const { host, repository, layouts } = await this.open();
    const done: Removal[] = [];
    let next: string | undefined;
    await this.alone(host, repository, async () => {
      for (const hook of hooksOf(flags, GIT_HOOKS))
        for (const layout of layouts) {
          const removal = await uninstalling(layout, hook, flags.force);
          if (removal === undefined) continue;
          // One after another: several may stand in one file.
          await removal.apply();
          done.push(removal);
          next = layout.apply ?? next;
        }
    });
    const lines = done.map(({ hook, result, file }) => `✓ ${hook} ${WORDS[result]}  ${file}`);
    return this.out([...(lines.length > 0 ? lines : ['dcs is in no hook here.']), ...(next === undefined ? [] : [`Next  ${next}`])], {
      layout: layouts[0].name,
      folder: repository.hooks,
      hooks: done.map(({ hook, file, result }) => ({ hook, file, result })),
      next: next ?? null,
    });
  }
}
