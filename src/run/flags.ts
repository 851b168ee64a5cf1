import { Flags } from '@oclif/core';
import type { InjectionOptions } from './injection.ts';
import { duration } from './duration.ts';

const names = (description: string) => Flags.string({ description, helpValue: 'NAME', multiple: true, multipleNonGreedy: true });

/** Which secrets: the flags that `run`, `env`, `redact` and `serve` share. */
export const injectionFlags = {
  env: Flags.string({
    char: 'e',
    helpValue: 'NAME',
    description: 'environment, or its Doppler config; of several a later one wins',
    multiple: true,
    multipleNonGreedy: true,
    helpGroup: 'GLOBAL',
    aliases: ['config'],
    charAliases: ['c'],
    deprecateAliases: true,
  }),
  only: names('only these names'),
  except: names('all but these names'),
  'allow-missing': Flags.boolean({ description: 'names of --only that Doppler lacks are no mistake' }),
  for: Flags.string({ helpValue: 'TARGET', description: 'as this target of dcs.yaml gets them: its include, rename, transform ...' }),
  offline: Flags.boolean({ description: 'the last snapshot; Doppler is not asked' }),
  'max-age': Flags.string({
    helpValue: 'TIME',
    description: 'a snapshot that is not older (10m, 12h) may stand in for Doppler',
    env: 'DCS_MAX_AGE',
  }),
};

interface Given {
  readonly env?: string[] | undefined;
  readonly only?: string[] | undefined;
  readonly except?: string[] | undefined;
  readonly 'allow-missing': boolean;
  readonly for?: string | undefined;
  readonly offline: boolean;
  readonly 'max-age'?: string | undefined;
}

export function injectionOptions(flags: Given): InjectionOptions {
  return {
    environments: flags.env ?? [],
    only: flags.only ?? [],
    except: flags.except ?? [],
    allowMissing: flags['allow-missing'],
    offline: flags.offline,
    ...(flags.for === undefined ? {} : { for: flags.for }),
    ...(flags['max-age'] === undefined ? {} : { maxAge: duration(flags['max-age'], '--max-age') }),
  };
}
