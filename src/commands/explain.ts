import { Args } from '@oclif/core';
import { DcsCommand } from 'dcs-sdk/command';
import { explain, type Explanation } from '../explain.ts';
import { firstLine } from '../render/first-line.ts';
import { ago, table } from '../render/style.ts';
import { openSession } from '../session.ts';

export default class Explain extends DcsCommand {
  static override description =
    'One secret: what Doppler tells of it (references, inheritance, last change), which rules of dcs.yaml matched, what each target holds and when it was written. Reads only.';
  static override examples = ['<%= config.bin %> explain STRIPE_KEY', '<%= config.bin %> explain DATABASE_URL -e prod'];
  static override args = { name: Args.string({ required: true, description: 'as it is called in Doppler' }) };

  async run(): Promise<Record<string, unknown>> {
    const { args, flags } = await this.parse(Explain);
    const session = await openSession(this.config, this.invocation());
    const environment = session.choose(true);
    firstLine(session, environment, (line) => {
      if (!flags.quiet && !this.jsonEnabled()) this.logToStderr(line);
    });
    const found = await explain(session, environment, args.name);
    return this.out(lines(found), { environment: environment.name, ...found });
  }
}

const DOPPLER: Readonly<Record<Explanation['doppler']['state'], string>> = {
  value: 'has a value',
  recorded: 'has a value',
  withheld: 'is there; this token may not read it',
  unresolved: 'holds a reference that does not resolve',
  absent: 'does not have it',
};

function lines({ name, doppler, rule, targets }: Explanation): string[] {
  const wanted =
    rule === undefined
      ? []
      : [
          [
            'secrets:',
            `required in ${rule.required.join(', ') || 'no environment'}; ${rule.type}${rule.owner === undefined ? '' : `; ask ${rule.owner}`}`,
          ],
        ];
  const now = new Date();
  const parts = targets.map(({ target, there, because, state, written }) => [
    target,
    [
      there === undefined || there === name ? '' : `called ${there}`,
      because.join(', '),
      state ?? '',
      written === undefined ? '' : `written ${ago(written.at, now)} by ${written.by}, sync ${written.sync}`,
    ]
      .filter(Boolean)
      .join(' · '),
  ]);
  const { inherited, references, changed } = doppler;
  const from = [
    inherited === undefined ? '' : `inherited from ${inherited}`,
    references.length === 0 ? '' : `made of ${references.join(', ')}`,
    changed === undefined ? '' : `changed ${ago(changed.at, now)} by ${changed.by}`,
  ].filter(Boolean);
  return [
    name,
    ...table([
      ['Doppler', [`${doppler.project}/${doppler.config} ${DOPPLER[doppler.state]}`, ...from].join(' · ')],
      ...wanted,
      ...parts,
    ]).map((line) => `  ${line}`),
  ];
}
