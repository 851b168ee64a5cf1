import { Args, Flags } from '@oclif/core';
import type { Guard } from 'dcs-sdk';
import { DcsCommand, syncFlags } from 'dcs-sdk/command';
import { IMPORT_FORMATS } from '../into/file.ts';
import { runImport } from '../into/import.ts';
import { firstLine } from '../render/first-line.ts';
import { styleFor } from '../render/style.ts';
import { openSession } from '../session.ts';

export default class Import extends DcsCommand {
  static override description = `Bring a file, or what a target holds, into Doppler: the plan first, then consent. Names that it lacks stay as they are.

A .env file is read as npm's dotenv reads it; JSON and YAML are one flat map of names and texts. Empty values and placeholders stay out. A name that Doppler holds with another value is overwritten with --allow adopt only; the write is refused where somebody edited one of the names meanwhile. A target that shows no values: the names that Doppler lacks are listed, nothing is written, exit 4.`;
  static override examples = [
    '<%= config.bin %> import .env -e dev --dry-run',
    '<%= config.bin %> import secrets.json -e staging --only STRIPE_KEY',
    'vault kv get -format=json -field=data kv/shop | <%= config.bin %> import - -e staging --yes',
    '<%= config.bin %> import api -e prod     # a target of dcs.yaml',
  ];
  static override args = {
    from: Args.string({ required: true, ignoreStdin: true, description: 'a file, - for stdin, or a target of dcs.yaml' }),
  };
  static override flags = {
    only: Flags.string({ description: 'only these names', helpValue: 'NAME', multiple: true, multipleNonGreedy: true }),
    except: syncFlags.except,
    format: Flags.option({ options: IMPORT_FORMATS, description: 'what the file is (default: by its ending)' })(),
    'as-is': Flags.boolean({ description: 'take empty values and placeholders too' }),
    references: Flags.boolean({ description: "${NAME} in a value is one of Doppler's references, and meant" }),
    allow: syncFlags.allow,
    'dry-run': Flags.boolean({ description: 'the plan only' }),
    yes: syncFlags.yes,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags, args } = await this.parse(Import);
    const session = await openSession(this.config, this.invocation());
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    const environment = session.choose(false);
    firstLine(session, environment, say);
    const { lines, json, exit } = await runImport(
      session,
      environment,
      {
        from: args.from,
        format: flags.format,
        only: flags.only ?? [],
        except: flags.except ?? [],
        asIs: flags['as-is'],
        references: flags.references,
        yes: flags.yes,
        allow: (flags.allow ?? []) as Guard[],
        dryRun: flags['dry-run'],
      },
      styleFor(flags['dry-run'] ? process.stdout : process.stderr, session.env),
      say,
    );
    process.exitCode = exit;
    return this.out(lines, json);
  }
}
