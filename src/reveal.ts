import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import type { Session } from './session.ts';

/** The flags of commands that can print values. */
export const revealFlags = {
  reveal: Flags.boolean({ description: 'print values' }),
  allow: Flags.string({
    helpValue: 'GUARD',
    multiple: true,
    multipleNonGreedy: true,
    options: ['reveal'],
    description: 'consent to values in the output of a CI job',
  }),
};

/** Values go to the output only where somebody asked for exactly that; in CI the output is a log that others read. */
export function refuseUnlessRevealed({ ci }: Session, { reveal, allow }: { reveal: boolean; allow: readonly string[] }): void {
  if (!reveal)
    throw new DcsError('REFUSED', 'Values are printed with --reveal only.', {
      why: 'Nothing was read or printed.',
      hint: [
        'the same with --reveal',
        '--out FILE          a file that only you can read',
        'dcs run -- CMD      a program with the secrets, nothing printed',
      ],
    });
  if (ci !== undefined && !allow.includes('reveal'))
    throw new DcsError('REFUSED', `In CI (${ci.name}) values are printed with --reveal and --allow reveal.`, {
      why: 'The output of a job is a log. Nothing was read or printed.',
      hint: [
        'the same with --allow reveal, where the output goes to a file or a program',
        'dcs run -- CMD      a program with the secrets, nothing printed',
      ],
    });
}
