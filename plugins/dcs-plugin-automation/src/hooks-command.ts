import { Flags } from '@oclif/core';
import { GIT_HOOKS, type GitHook, type Host } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { layoutsOf, type Layout } from './hooks/layout.ts';
import { repositoryAt, type Repository } from './hooks/repository.ts';

export const hookFlags = {
  hook: Flags.string({ helpValue: 'NAME', multiple: true, multipleNonGreedy: true, options: [...GIT_HOOKS], description: 'this one only' }),
  all: Flags.boolean({ description: `all of ${GIT_HOOKS.join(', ')}`, exclusive: ['hook'] }),
};

/** What the commands about a repository's hooks start from. */
export abstract class HooksCommand extends DcsCommand {
  protected async open(): Promise<{ host: Host; repository: Repository; layouts: readonly [Layout, ...Layout[]] }> {
    const host = await this.host();
    const repository = await repositoryAt(host.root, host.env);
    return { host, repository, layouts: layoutsOf(repository) };
  }

  /** One at a time: of two, the second would take what the first wrote for what stood there before. */
  protected async alone<T>(host: Host, { hooks }: Repository, change: () => Promise<T>): Promise<T> {
    const lock = await host.alone(`dcs hooks of ${hooks}`);
    try {
      return await change();
    } finally {
      await lock.release();
    }
  }
}

export function hooksOf(flags: { hook?: string[] | undefined; all: boolean }, otherwise: readonly GitHook[]): readonly GitHook[] {
  if (flags.all) return GIT_HOOKS;
  return flags.hook === undefined ? otherwise : GIT_HOOKS.filter((hook) => flags.hook!.includes(hook));
}
