import { basename, dirname, join, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { plural } from '../render/style.ts';
import { injectionFlags, injectionOptions } from '../run/flags.ts';
import { inject } from '../run/injection.ts';
import { realFolder, writeOut } from '../run/out-file.ts';
import { Reader } from '../run/reader.ts';
import { accessor, declarations, typedNames } from '../run/types.ts';
import { openSession } from '../session.ts';

export default class Types extends DcsCommand {
  static override description = `TypeScript types of the names: for process.env, or a typed accessor. Holds no values.

Names are those of Doppler and of secrets: in dcs.yaml. One that secrets: requires in every environment is always there; every other one may be undefined.`;
  static override examples = [
    '<%= config.bin %> types --out env.d.ts',
    '<%= config.bin %> types --accessor --out src/secrets.ts',
    '<%= config.bin %> types -e dev -e prod',
  ];
  static override flags = {
    ...injectionFlags,
    accessor: Flags.boolean({ description: 'a module that reads and checks them: secrets.PORT is a number' }),
    out: Flags.string({ helpValue: 'FILE', description: 'write a file, which may be committed' }),
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Types);
    const path = flags.out === undefined ? undefined : resolve(flags.out);
    const file = path === undefined ? undefined : join(await realFolder(dirname(path)), basename(path));
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const injection = await inject(session, await Reader.open(session), { ...injectionOptions(flags), unmet: undefined });
    const { secretRules, environments } = session.project;
    const names = typedNames(injection.origins.keys(), secretRules, [...environments.keys()]);
    const text = flags.accessor ? accessor(names) : declarations(names);
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    for (const line of injection.lines) say(line);
    if (file !== undefined) {
      await writeOut(file, text, 0o644);
      say(`✓ ${flags.out} written: ${plural(names.length, 'name')}.`);
    }
    const json = {
      names: names.map(({ name, type, always }) => ({ name, type, always })),
      ...(file === undefined ? { text } : { file }),
    };
    return this.out(file === undefined ? [text.trimEnd()] : [], json);
  }
}
