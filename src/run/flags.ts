import { Flags } from '@oclif/core';
import type { ChildEnvRules } from './child-env.ts';
import { duration } from './duration.ts';
import type { InjectionOptions } from './injection.ts';

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
    unmet: 'The program was not started.',
    ...(flags.for === undefined ? {} : { for: flags.for }),
    ...(flags['max-age'] === undefined ? {} : { maxAge: duration(flags['max-age'], '--max-age') }),
  };
}

/** How a program is started: the flags that `run` and `serve` share. */
export const programFlags = {
  command: Flags.string({ helpValue: 'LINE', description: 'a line for the shell instead of a program after --' }),
  mask: Flags.boolean({ allowNo: true, description: 'mask the values in the output (default: where it is no terminal)' }),
  'preserve-env': Flags.string({
    helpValue: 'A,B',
    description: 'variables that are set already stay: these, or without =A,B all of them',
  }),
  'clean-env': Flags.boolean({ description: 'nothing of this environment but PATH, HOME, the terminal and the language' }),
  'allow-name': names('also inject a name that changes how programs start, such as NODE_OPTIONS'),
};

/** oclif knows no flag whose value may be left out. */
export const optionalValue = (words: readonly string[]): string[] =>
  words.map((word) => (word === '--preserve-env' ? '--preserve-env=*' : word));

interface GivenProgram {
  readonly mask?: boolean;
  readonly 'preserve-env'?: string | undefined;
  readonly 'clean-env': boolean;
  readonly 'allow-name'?: string[] | undefined;
}

export function programOptions(flags: GivenProgram): { readonly mask?: boolean; readonly rules: ChildEnvRules } {
  const kept = flags['preserve-env'];
  return {
    ...(flags.mask === undefined ? {} : { mask: flags.mask }),
    rules: {
      preserve: kept === undefined ? 'none' : kept === '*' ? 'all' : new Set(kept.split(',')),
      clean: flags['clean-env'],
      allowed: new Set(flags['allow-name']),
    },
  };
}

/** 125, as env(1), for every failure of dcs itself; 126 and 127 for a program that cannot be started. */
export const ownExitCode = (error: Error): number => ('exitCode' in error ? Number(error.exitCode) : 125);
