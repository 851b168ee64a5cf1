import { Flags } from '@oclif/core';
import { DcsError, GUARDS, type Environment, type Guard, type Host, type ProjectSource } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { createApi } from './api.ts';
import { neonOptions, type NeonOptions } from './options.ts';
import { neonOf, type Neon } from './operations.ts';
import service from './service.ts';

export const consentFlags = {
  allow: Flags.string({
    helpValue: 'GUARD',
    multiple: true,
    multipleNonGreedy: true,
    options: [...GUARDS],
    description: 'consent to one guard of the write into Doppler',
  }),
  yes: Flags.boolean({ char: 'y', description: 'go on without asking; covers no guard' }),
};
export const allowed = (flags: { readonly allow?: readonly string[] | undefined }): Guard[] => [...(flags.allow ?? [])] as Guard[];

/** What every command of this plugin starts from. */
export abstract class NeonCommand extends DcsCommand {
  static override baseFlags = {
    ...DcsCommand.baseFlags,
    'api-key': Flags.string({
      hidden: true,
      description: 'refused: a key is never an argument',
      parse: async () => {
        throw new DcsError('USAGE', 'A key is never an argument: every program of this machine could read it.', {
          why: 'Nothing was read or written. If it was typed, it is in the history of the shell: make another one.',
          hint: ['dcs login neon', 'export NEON_API_KEY=...'],
        });
      },
    }),
  };

  protected async open(): Promise<{ host: Host; neon: Neon; origin: string }> {
    const host = await this.host();
    const context = host.context(service.title, service.endpoint(host.env));
    return { host, neon: neonOf(createApi(context), context), origin: context.http.origin };
  }
}

/** The entry of `sources:` that a command is about: the one that is named, else the only one. */
export async function entryOf(host: Host, named: string | undefined): Promise<ProjectSource> {
  const all = await host.sources(['neon']);
  const found = named === undefined ? all : all.filter(({ name }) => name === named);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  if (only === undefined)
    throw new DcsError('CONFIG', named === undefined ? 'dcs.yaml has no source of type neon.' : `dcs.yaml has no Neon source ${named}.`, {
      hint: 'dcs provision neon',
    });
  throw new DcsError('USAGE', `dcs.yaml has ${all.length} Neon sources.`, { hint: all.map(({ name }) => `--source ${name}`) });
}

/** What the entry says for an environment, checked. */
export async function optionsIn(entry: ProjectSource, environment: Environment): Promise<NeonOptions> {
  const result = await neonOptions['~standard'].validate(entry.optionsFor(environment));
  if (!result.issues) return result.value;
  const [issue] = result.issues;
  const key = issue?.path?.map(String).join('.') ?? '';
  throw new DcsError('CONFIG', `sources.${entry.name}.${key} ${issue?.message ?? 'is not valid'}.`, { hint: 'dcs config show' });
}

export const sourceFlag = {
  source: Flags.string({ helpValue: 'NAME', description: 'the entry of sources: in dcs.yaml, where it has several of type neon' }),
};
