import type { Schema } from 'dcs-sdk';

/** The platform's own keys of an entry in dcs.yaml. */
export interface Options {
  readonly box: string;
}

export const keys = ['box'];

/** A Standard Schema by hand. Zod or Valibot fit as well, and cost each start of dcs their loading. */
export const options: Schema<Options> = {
  '~standard': {
    version: 1,
    vendor: 'dcs',
    validate(value) {
      if (typeof value !== 'object' || value === null) return { issues: [{ message: 'must be a map' }] };
      const box = 'box' in value ? value.box : undefined;
      if (typeof box === 'string' && /^[\w-]+$/.test(box)) return { value: { box } };
      return { issues: [{ message: box === undefined ? 'box is missing' : 'must be a word of letters, digits, - and _', path: ['box'] }] };
    },
  },
};
