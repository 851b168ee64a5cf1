import { expect } from 'chai';
import { testTarget } from 'dcs-sdk/testing';
import definition from '../src/target.ts';
import { fresh } from './world.ts';

describe('Template Cloud', () => {
  testTarget(it, { definition, fresh });

  it('refuses a box that is no word', async () => {
    expect(await definition.options['~standard'].validate({ box: 'a/b' })).to.have.property('issues');
    expect(await definition.options['~standard'].validate({})).to.have.property('issues');
    expect(await definition.options['~standard'].validate({ box: 'shop' })).to.deep.equal({ value: { box: 'shop' } });
  });
});
