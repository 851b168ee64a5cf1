import { expect } from 'chai';
import { Secret } from 'dcs-sdk';
import type { ShapeRules } from '../../src/engine/shape.ts';
import { shape } from '../../src/engine/shape.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';
import { fromEntries } from '../../src/into/target.ts';

describe('a target on its way back into Doppler', () => {
  const rules = async (more: Partial<ShapeRules> = {}): Promise<ShapeRules> => ({
    include: ['*'],
    exclude: ['NEON_*'],
    transforms: await compileTransforms(new Map([['FIREBASE_KEY', [{ at: '1', step: { step: 'trim' } }]]])),
    rename: new Map([['STRIPE_SECRET', 'STRIPE_KEY']]),
    prefix: 'APP_',
    credentials: new Set(),
    ...more,
  });
  const entry = (name: string, value?: string) => ({ name, ...(value === undefined ? {} : { value: new Secret(value) }) });

  it('undoes rename and prefix, and leaves what its rules leave out', async () => {
    const entries = ['APP_A', 'APP_STRIPE_KEY', 'APP_STRIPE_SECRET', 'APP_NEON_X', 'OTHER'].map((name) => entry(name, `of ${name}`));
    const { given, unreadable } = fromEntries(entries, await rules(), 'api');
    expect(given.map(({ name, secret }) => [name, secret.reveal()])).to.deep.equal([
      ['A', 'of APP_A'],
      ['STRIPE_SECRET', 'of APP_STRIPE_KEY'],
    ]);
    expect(unreadable).to.deep.equal([]);
  });

  it('brings back exactly what a sync took there', async () => {
    const held = (value: string) => ({ state: 'value', secret: new Secret(value) }) as const;
    const source = new Map([
      ['A', held('1')],
      ['STRIPE_SECRET', held('2')],
      ['NEON_X', held('3')],
    ]);
    const { desired } = shape(source, await rules(), {});
    const entries = [...desired.names.values()].map(({ name, held: one }) => ({ name, value: (one as ReturnType<typeof held>).secret }));
    const { given } = fromEntries(entries, await rules(), 'api');
    expect(new Map(given.map(({ name, secret }) => [name, secret.reveal()]))).to.deep.equal(
      new Map([
        ['A', '1'],
        ['STRIPE_SECRET', '2'],
      ]),
    );
  });

  it('tells what cannot come back: unreadable, transformed, no secret', async () => {
    const entries = [entry('APP_B'), entry('APP_FIREBASE_KEY', 'x'), { ...entry('APP_LOG'), locked: 'a plain variable' }];
    const { given, unreadable, left } = fromEntries(entries, await rules(), 'api');
    expect(given).to.deep.equal([]);
    expect(unreadable).to.deep.equal(['B']);
    expect(left.join('\n')).to.contain('APP_FIREBASE_KEY is transformed').and.to.contain('APP_LOG is no secret there');
  });
});
