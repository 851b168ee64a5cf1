import { Flags } from '@oclif/core';
import { DcsError } from 'dcs-sdk';
import { DcsCommand } from 'dcs-sdk/command';
import { plural } from '../render/style.ts';
import { refuseUnlessRevealed, revealFlags } from '../reveal.ts';
import { duration, span } from '../run/duration.ts';
import { anyExpiring } from '../run/expiring-folder.ts';
import { injectionFlags, injectionOptions, programFlags } from '../run/flags.ts';
import { FORMAT_NAMES } from '../run/formats/names.ts';
import { inject, type Injection } from '../run/injection.ts';
import { NAME_TRANSFORMER_NAMES, namedOf, nameLines, withNames, type Named } from '../run/names.ts';
import { placeForValues, writeValues } from '../run/out-file.ts';
import { Reader } from '../run/reader.ts';
import { valuesText, type Writing } from '../run/values.ts';
import { print } from '../render/print.ts';
import { openSession, type Session } from '../session.ts';

export default class Env extends DcsCommand {
  static override description = `The names of an environment and where each comes from; with a format, their values.

Values are printed with --reveal only, in CI also with --allow reveal. A file of --out is yours alone (0600), and in a repository it has to be one that git ignores. A value that the format cannot hold is an error, never a changed value.`;
  static override examples = [
    '<%= config.bin %> env -e staging',
    'eval "$(<%= config.bin %> env --format bash --reveal)"',
    '<%= config.bin %> env --format fish --reveal | source',
    '<%= config.bin %> env --format dotenv --out .env --ttl 8h',
    '<%= config.bin %> env --for api --out .dev.vars',
    '<%= config.bin %> env --template nginx.conf.tmpl --out nginx.conf',
    '<%= config.bin %> env -e prod --format kubernetes --secret-name shop --reveal | kubectl apply -f -',
  ];
  static override flags = {
    ...injectionFlags,
    format: Flags.option({ options: FORMAT_NAMES, helpValue: 'FORMAT', description: `their values, as ${FORMAT_NAMES.join(', ')}` })(),
    template: Flags.string({
      helpValue: 'FILE',
      exclusive: ['format'],
      description: 'their values in a Mustache template: {{NAME}}, {{NAME | json}}, b64enc, quote, indent 4',
    }),
    out: Flags.string({
      helpValue: 'FILE',
      description: 'write a file (0600) instead; with --for alone, the one that its local tool reads',
    }),
    ttl: Flags.string({ helpValue: 'TIME', dependsOn: ['out'], description: 'remove the file after this time (90s, 10m, 8h)' }),
    'name-transformer': Flags.option({
      options: NAME_TRANSFORMER_NAMES,
      helpValue: 'KIND',
      description: `names as ${NAME_TRANSFORMER_NAMES.join(', ')}`,
    })(),
    'secret-name': Flags.string({ helpValue: 'NAME', dependsOn: ['format'], description: 'metadata.name of --format kubernetes' }),
    'allow-name': programFlags['allow-name'],
    ...revealFlags,
  };

  async run(): Promise<Record<string, unknown>> {
    const { flags } = await this.parse(Env);
    const writing = writingOf(flags);
    if (writing !== undefined && flags.out === undefined && this.jsonEnabled())
      throw new DcsError('USAGE', '--json and a format are two documents for one output.', {
        hint: ['--json --reveal', '--format json --reveal'],
      });
    if (writing === undefined && flags.reveal && !this.jsonEnabled())
      throw new DcsError('USAGE', '--reveal in which format?', { hint: ['--format dotenv --reveal', '--json --reveal'] });
    const session = await openSession(this.config, this.invocation(), { optional: true });
    const consent = { reveal: flags.reveal, allow: flags.allow ?? [] };
    if (flags.reveal || (writing !== undefined && flags.out === undefined)) refuseUnlessRevealed(session, consent);
    const path = flags.out === undefined ? undefined : await placeForValues(flags.out, session);
    const ttl = flags.ttl === undefined ? undefined : duration(flags.ttl, '--ttl');
    const { stateDir } = session.directories;
    if (anyExpiring(stateDir)) await (await import('../run/expiry.ts')).removeOverdue({ stateDir, env: session.env });

    const unmet = writing === undefined ? undefined : 'Nothing was written or printed.';
    const read = await inject(session, await Reader.open(session), { ...injectionOptions(flags), unmet });
    const injection = flags['name-transformer'] === undefined ? read : withNames(read, flags['name-transformer']);
    const say = (line: string): void => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    };
    for (const line of injection.lines) say(line);
    const names = namedOf(injection, await transformedNames(session, flags.for));
    if (writing === undefined) {
      say('');
      return this.out(nameLines(names), document(names, injection, flags.reveal));
    }
    const options = { writing, for: flags.for, secretName: flags['secret-name'], allowed: new Set(flags['allow-name']), say };
    const text = await valuesText(session, injection, options);
    if (path === undefined) {
      await print(text);
      return {};
    }
    await writeValues(path, text, ttl, session);
    const until = ttl === undefined ? '' : `, removed in ${span(ttl)}`;
    say(`✓ ${flags.out} written: ${plural(injection.secrets.size, 'secret')}, readable by you only${until}.`);
    return this.out([], { ...document(names, injection, flags.reveal), file: path, ...(ttl === undefined ? {} : { ttl }) });
  }
}

function writingOf(flags: {
  format?: (typeof FORMAT_NAMES)[number] | undefined;
  template?: string | undefined;
  out?: string | undefined;
}): Writing | undefined {
  if (flags.template !== undefined) return { kind: 'template', file: flags.template };
  if (flags.format !== undefined) return { kind: flags.format };
  return flags.out === undefined ? undefined : { kind: 'local' };
}

async function transformedNames(session: Session, target: string | undefined): Promise<ReadonlySet<string>> {
  const entry = target === undefined ? undefined : session.project.targets.get(target);
  if (entry === undefined) return new Set();
  const { rulesOf } = await import('../jobs.ts');
  return new Set((await rulesOf(session, entry)).transforms.rules.keys());
}

function document(names: readonly Named[], { secrets }: Injection, reveal: boolean): Record<string, unknown> {
  return { names: names.map((named) => ({ ...named, ...(reveal ? { value: secrets.get(named.name)?.reveal() ?? null } : {}) })) };
}
