import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { read, violations } from './architecture.ts';

const { sources, entries } = read(fileURLToPath(new URL('..', import.meta.url)));

describe('docs/architecture.md: who may import whom', () => {
  it('holds', () => {
    expect(sources.map(({ file }) => file)).to.include.members(['sdk/src/index.ts', 'src/main.ts', ...entries]);
    expect(entries).to.include('plugins/dcs-plugin-cloudflare/src/target.ts');
    expect(violations(sources, entries)).to.deep.equal([]);
  });

  const planted: readonly (readonly [name: string, file: string, text: string, rule: RegExp])[] = [
    ['an sdk with a dependency', 'sdk/src/plan.ts', "import { z } from 'zod';", /no dependencies/],
    ['an sdk that reaches out', 'sdk/src/plan.ts', "import { x } from '../../src/jobs.ts';", /outside the sdk/],
    ['oclif elsewhere in the sdk', 'sdk/src/host.ts', "import type { Config } from '@oclif/core';", /only in command/],
    ['node: elsewhere in the sdk', 'sdk/src/http.ts', "import { request } from 'node:http';", /only in testing/],
    ['a runtime with a dependency', 'runtime/src/cache.ts', "import { createHash } from 'node:crypto';", /imports nothing/],
    ['a runtime that reaches out', 'runtime/src/cache.ts', "import type { Env } from '../../sdk/src/target.ts';", /imports nothing/],
    ['process.env in the runtime', 'runtime/src/cloudflare.ts', 'const token = process.env.TOKEN;', /only in src/],
    [
      'a plugin that imports the core',
      'plugins/dcs-plugin-x/src/target.ts',
      "import { x } from '../../../src/jobs.ts';",
      /outside the plugin/,
    ],
    [
      'a plugin that imports the core by name',
      'plugins/dcs-plugin-x/src/target.ts',
      "import 'doppler-cloud-syncs';",
      /never imports the core/,
    ],
    [
      'a plugin in another one',
      'plugins/dcs-plugin-x/src/target.ts',
      "import { x } from '../../dcs-plugin-y/src/api.ts';",
      /outside the plugin/,
    ],
    [
      'the inside of another plugin by name',
      'plugins/dcs-plugin-x/src/target.ts',
      "const y = await import('dcs-plugin-y/api');",
      /only \.\/target/,
    ],
    [
      'oclif outside commands/',
      'plugins/dcs-plugin-x/src/api.ts',
      "import {\n  Flags,\n  Args,\n} from '@oclif/core';",
      /only in commands/,
    ],
    [
      'a target that brings oclif along',
      'plugins/dcs-plugin-x/src/target.ts',
      "import { DcsCommand } from 'dcs-sdk/command';",
      /targets know no oclif/,
    ],
    ['a core that knows a plugin', 'src/registry.ts', "export { x } from 'dcs-plugin-cloudflare/target';", /imports no plugin/],
    ['an engine that knows oclif', 'src/engine/apply.ts', "import { ux } from '@oclif/core';", /engine knows neither/],
    ['process.env in a plugin', 'plugins/dcs-plugin-x/src/api.ts', 'const token = process.env.TOKEN;', /only in src/],
    ["process['exit'] in the sdk", 'sdk/src/plan.ts', "process['exit'](1);", /only in src/],
    ['console in the sdk', 'sdk/src/plan.ts', 'console.log(1);', /only in src/],
    ['a long file', 'src/long.ts', 'x;\n'.repeat(301), /300 lines/],
    ['an empty word', 'src/doppler-utils.ts', '', /says nothing/],
  ];
  for (const [name, file, text, rule] of planted)
    it(`notices ${name}`, () => {
      expect(violations([{ file, text }], ['plugins/dcs-plugin-x/src/target.ts']).join('\n')).to.match(rule);
    });

  it('follows a target into the files it imports', () => {
    const plugin = [
      { file: 'plugins/dcs-plugin-x/src/target.ts', text: "import { api } from './api.ts';" },
      { file: 'plugins/dcs-plugin-x/src/api.ts', text: "import { DcsCommand } from 'dcs-sdk/command';" },
    ];
    expect(violations(plugin, ['plugins/dcs-plugin-x/src/target.ts']).join('\n')).to.match(
      /api\.ts: imports dcs-sdk\/command: targets know no oclif/,
    );
  });

  it("lets through what is allowed: another plugin's ./target, and what only a comment says", () => {
    const allowed = [
      { file: 'plugins/dcs-plugin-x/src/target.ts', text: "// console.log\nimport type { Y } from 'dcs-plugin-y/target';" },
      { file: 'plugins/dcs-plugin-x/src/commands/x.ts', text: "import { Args } from '@oclif/core';" },
    ];
    expect(violations(allowed, ['plugins/dcs-plugin-x/src/target.ts'])).to.deep.equal([]);
  });
});
