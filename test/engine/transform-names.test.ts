import { expect } from 'chai';
import { NAME_TRANSFORMERS, transformName, type NameTransformer } from '../../src/engine/transform/names.ts';

describe('name transformers', () => {
  const table: Record<NameTransformer, readonly [string, string, string]> = {
    camel: ['apiKey', 'smtpUserName', 'x'],
    'upper-camel': ['ApiKey', 'SmtpUserName', 'X'],
    'lower-snake': ['api_key', 'smtp__user_name', '_x_'],
    kebab: ['api-key', 'smtp-user-name', 'x'],
    'tf-var': ['TF_VAR_api_key', 'TF_VAR_smtp__user_name', 'TF_VAR__x_'],
    dotnet: ['ApiKey', 'Smtp:UserName', 'X'],
    'dotnet-env': ['ApiKey', 'Smtp__UserName', 'X'],
  };
  for (const kind of Object.keys(NAME_TRANSFORMERS) as NameTransformer[])
    it(kind, () => {
      expect(['API_KEY', 'SMTP__USER_NAME', '_X_'].map((name) => transformName(kind, name))).to.deep.equal(table[kind]);
      expect(transformName(kind, '__')).to.equal('__');
    });
});
